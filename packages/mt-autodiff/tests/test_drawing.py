import re
import xml.etree.ElementTree as ET

import pytest

from mt_autodiff import Function, GradientError, Scalar, graph_of, to_dot, to_svg
from mt_autodiff.graph import Node


def expression():
    x, y = Scalar(2.0, name="x"), Scalar(-3.0, name="y")
    return x, y, (x * y + x) * 0.5


def test_the_graph_of_an_expression():
    x, y, z = expression()
    graph = graph_of(z)
    assert graph.nodes == (
        Node("leaf", ("x", "2", "d -1")),
        Node("leaf", ("y", "-3", "d 1")),
        Node("function", ("mul",)),
        Node("result", ("-6", "d 0.5")),
        Node("function", ("add",)),
        Node("result", ("-4", "d 0.5")),
        Node("constant", ("0.5",)),
        Node("function", ("mul",)),
        Node("result", ("-2", "d 1")),
    )
    assert graph.edges == ((0, 2), (1, 2), (2, 3), (3, 4), (0, 4), (4, 5), (5, 7), (6, 7), (7, 8))
    assert (x.derivative, y.derivative) == (None, None)
    z.backward()
    assert (x.derivative, y.derivative) == (-1.0, 1.0)


def test_an_input_that_is_used_twice_has_one_arrow():
    x = Scalar(3.0)
    assert graph_of(x * x).edges == ((0, 1), (1, 2))


def test_a_leaf_and_a_constant_alone():
    assert graph_of(Scalar(1.0)).nodes == (Node("leaf", ("1", "d 1")),)
    assert graph_of(Scalar(1.0, None)).nodes == (Node("constant", ("1",)),)


def test_functions_of_one_s_own_have_their_name():
    class Twice(Function):
        @staticmethod
        def forward(_ctx, x):
            return 2.0 * x

        @staticmethod
        def backward(_ctx, grad_output):
            return 2.0 * grad_output

    assert graph_of(Twice.apply(Scalar(1.0))).nodes[1] == Node("function", ("Twice",))


def test_a_zero_derivative_has_no_sign():
    x = Scalar(-1.0)
    assert graph_of(-x.relu()).nodes[0].lines == ("-1", "d 0")


def test_what_is_written_can_be_chosen():
    _, _, z = expression()
    graph = graph_of(z, lambda v, d: [f"#{v.data}", f"~{d}"])
    assert graph.nodes[0].lines == ("#2.0", "~-1.0")
    assert graph.nodes[6].lines == ("#0.5", "~None")


@pytest.mark.parametrize("draw", [graph_of, to_dot, to_svg])
def test_a_freed_graph_cannot_be_drawn(draw):
    _, _, z = expression()
    z.backward()
    with pytest.raises(GradientError, match=r"mul: its graph was freed.*pass retain_graph=True"):
        draw(z)


def test_a_retained_graph_can_be_drawn():
    x, _, z = expression()
    z.backward(retain_graph=True)
    assert "digraph" in to_dot(z)
    assert x.derivative == -1.0


def test_dot():
    x = Scalar(2.0, name='the "x"\\')
    assert to_dot(x * 3.0).splitlines() == [
        "digraph {",
        "  rankdir=LR;",
        '  n0 [label="the \\"x\\"\\\\\\n2\\nd 3", shape=box];',
        '  n1 [label="3", shape=plaintext];',
        '  n2 [label="mul", shape=ellipse];',
        '  n3 [label="6\\nd 1", shape=box];',
        "  n0 -> n2;",
        "  n1 -> n2;",
        "  n2 -> n3;",
        "}",
    ]


def test_svg_has_a_box_a_node_and_an_arrow_an_edge():
    _, _, z = expression()
    svg = to_svg(z)
    root = ET.fromstring(svg)  # noqa: S314  made by the code under test
    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert tags.count("rect") == 9
    assert tags.count("path") == 2 * 9
    texts = [e.text for e in root.iter() if e.tag.endswith("}text")]
    assert texts.count("mul") == 2
    assert {"x", "y", "-6", "d 0.5", "0.5"} <= set(texts)


def test_svg_lies_in_its_frame():
    _, _, z = expression()
    svg = to_svg(z)
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    for x, y, w, h in re.findall(r'<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"', svg):
        assert float(x) >= 0.0
        assert float(y) >= 0.0
        assert float(x) + float(w) <= width - 20.0 + 0.1
        assert float(y) + float(h) <= height - 20.0 + 0.1


def test_svg_escapes_names():
    svg = to_svg(Scalar(1.0, name="a<b&c"))
    assert "a&lt;b&amp;c" in svg


def test_a_node_may_say_nothing():
    assert to_svg(Scalar(1.0), lambda _v, _d: []).count("<rect") == 1
