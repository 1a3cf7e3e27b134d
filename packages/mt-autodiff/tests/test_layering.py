import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_autodiff.layering import LAYER_GAP, NODE_GAP, layered

BOX = (40.0, 20.0)


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 12))
    pairs = [(a, b) for b in range(count) for a in range(b)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=20)) if pairs else []
    sizes = draw(st.lists(st.tuples(*[st.floats(5.0, 60.0)] * 2), min_size=count, max_size=count))
    return sizes, edges


def boxes(sizes, layout):
    return [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for (x, y), (w, h) in zip(layout.places, sizes, strict=True)
    ]


@given(graphs())
def test_no_boxes_overlap_and_all_lie_within_the_size(graph):
    sizes, edges = graph
    layout = layered(sizes, edges)
    found = boxes(sizes, layout)
    for i, (left, top, right, bottom) in enumerate(found):
        assert left >= -1e-9
        assert top >= -1e-9
        assert right <= layout.size[0] + 1e-9
        assert bottom <= layout.size[1] + 1e-9
        for other in found[:i]:
            apart_across = right <= other[0] + 1e-9 or other[2] <= left + 1e-9
            apart_down = bottom <= other[1] + 1e-9 or other[3] <= top + 1e-9
            assert apart_across or apart_down


@given(graphs())
def test_every_edge_runs_to_the_right_and_joins_its_nodes(graph):
    sizes, edges = graph
    layout = layered(sizes, edges)
    for (a, b), route in zip(edges, layout.routes, strict=True):
        xs = [x for x, _ in route]
        assert xs == sorted(xs)
        assert layout.places[a][0] + sizes[a][0] / 2 <= xs[0] + 1e-9
        assert xs[-1] <= layout.places[b][0] - sizes[b][0] / 2 + 1e-9
        assert (route[0][1], route[-1][1]) == (layout.places[a][1], layout.places[b][1])
        assert len(route) % 2 == 0


@given(graphs())
def test_no_edge_goes_through_a_box(graph):
    sizes, edges = graph
    layout = layered(sizes, edges)
    found = boxes(sizes, layout)
    for route in layout.routes:
        for (x0, y0), (x1, y1) in zip(route[1::2], route[2::2], strict=False):
            assert y0 == y1
            for left, top, right, bottom in found:
                assert not (left < x1 and x0 < right and top + 1e-9 < y0 < bottom - 1e-9)


def test_a_chain_is_a_straight_line():
    layout = layered([BOX] * 3, [(0, 1), (1, 2)])
    assert [y for _, y in layout.places] == [10.0] * 3
    assert [x for x, _ in layout.places] == [20.0 + i * (40.0 + LAYER_GAP) for i in range(3)]
    assert layout.size == (120.0 + 2 * LAYER_GAP, 20.0)


def test_two_inputs_stand_above_one_another_beside_their_result():
    layout = layered([BOX] * 3, [(0, 2), (1, 2)])
    (x0, y0), (x1, y1), (_, y2) = layout.places
    assert x0 == x1
    assert y1 - y0 == 20.0 + NODE_GAP
    assert y2 == (y0 + y1) / 2.0


def test_a_late_input_moves_next_to_its_first_use():
    layout = layered([BOX] * 4, [(0, 1), (1, 3), (2, 3)])
    assert layout.places[2][0] == layout.places[1][0]


def test_crossing_lines_untangle():
    layout = layered([BOX] * 4, [(0, 3), (1, 2)])
    (_, y0), (_, y1), (_, y2), (_, y3) = layout.places
    assert (y0 < y1) == (y3 < y2)


def test_a_long_edge_bends_around_what_is_between():
    layout = layered([BOX] * 3, [(0, 1), (1, 2), (0, 2)])
    assert len(layout.routes[2]) == 4
    middle = layout.routes[2][1][1]
    assert abs(middle - layout.places[1][1]) >= 10.0 + NODE_GAP


def test_a_node_alone_and_nothing():
    assert layered([BOX], []).size == BOX
    nothing = layered([], [])
    assert (nothing.places, nothing.routes, nothing.size) == ((), (), (0.0, 0.0))


@pytest.mark.parametrize("count", [3000])
def test_a_long_chain_is_no_recursion(count):
    layout = layered([BOX] * count, [(i, i + 1) for i in range(count - 1)])
    assert len({y for _, y in layout.places}) == 1
