"""The arithmetic of strides: laws under Hypothesis, and NumPy as the oracle."""

from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt_tensor import layout
from mt_tensor.errors import ShapeError
from mt_tensor.layout import (
    broadcast_shapes,
    broadcast_strides,
    contiguous_strides,
    extent,
    index_of,
    infer_shape,
    is_contiguous,
    merge_dimensions,
    normalize_axes,
    normalize_axis,
    permuted,
    position,
    shared,
    view_strides,
)
from mt_tensor.testing.layouts import layout_of
from mt_tensor.testing.strategies import arrays, axes, broadcastable, shapes

laws = settings(max_examples=100, deadline=None)
few = settings(max_examples=50, deadline=None)


def numpy_strides(array):
    return layout_of(array)[0]


@laws
@given(shapes(min_side=1))
def test_contiguous_strides_are_numpys(shape):
    assert contiguous_strides(shape) == numpy_strides(np.empty(shape))


def test_the_strides_that_the_course_draws():
    assert contiguous_strides((5, 2)) == (2, 1)
    assert contiguous_strides((2, 2, 3)) == (6, 3, 1)
    assert numpy_strides(np.empty((2, 5)).T) == (1, 5)
    assert contiguous_strides(()) == ()


@laws
@given(shapes(min_side=1))
def test_positions_of_a_contiguous_layout_count_the_ordinals(shape):
    strides = contiguous_strides(shape)
    for ordinal in range(prod(shape)):
        assert position(index_of(ordinal, shape), strides) == ordinal


@laws
@given(shapes(min_side=1))
def test_an_index_is_what_numpy_unravels(shape):
    for ordinal in range(prod(shape)):
        assert index_of(ordinal, shape) == tuple(map(int, np.unravel_index(ordinal, shape)))


@laws
@given(arrays(writable=True))
def test_position_is_a_bijection_onto_the_storage_of_a_writable_layout(view):
    strides, offset = layout_of(view)
    positions = visited(view.shape, strides, offset)
    assert len(set(positions)) == view.size
    low, high = extent(view.shape, strides, offset)
    assert positions == [] or (min(positions), max(positions)) == (low, high)


@laws
@given(arrays())
def test_extent_is_what_is_used(view):
    strides, offset = layout_of(view)
    used = visited(view.shape, strides, offset)
    wanted = (min(used), max(used)) if used else (offset, offset - 1)
    assert extent(view.shape, strides, offset) == wanted


@laws
@given(arrays())
def test_contiguity_is_numpys(view):
    assert is_contiguous(view.shape, layout_of(view)[0]) == view.flags.c_contiguous


@laws
@given(broadcastable(3))
def test_broadcasting_is_numpys(shapes):
    assert broadcast_shapes("f", *shapes) == np.broadcast_shapes(*shapes)


@laws
@given(shapes(), shapes())
def test_what_numpy_does_not_broadcast_is_refused(a, b):
    try:
        wanted = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(ShapeError, match=r"f: .* do not broadcast: dimension \d+ is"):
            broadcast_shapes("f", a, b)
    else:
        assert broadcast_shapes("f", a, b) == wanted


def test_a_broadcast_that_fails_names_both_shapes_and_the_numbers():
    message = (
        r"add: \(4, 3\) and \(2, 3\) do not broadcast: dimension 0 is 4 and 2, "
        "which must be equal or one of them 1"
    )
    with pytest.raises(ShapeError, match=message):
        broadcast_shapes("add", (4, 3), (2, 3))
    with pytest.raises(ShapeError, match=r"\(2,\) and \(5, 1\) and \(3,\).*dimension 1 is 2 and 3"):
        broadcast_shapes("where", (2,), (5, 1), (3,))


@laws
@given(st.data())
def test_broadcast_strides_are_those_of_numpys_view(data):
    shape, other = data.draw(broadcastable(2))
    target = np.broadcast_shapes(shape, other)
    view = data.draw(arrays(shape))
    strides = broadcast_strides(shape, layout_of(view)[0], target)
    stretched = np.broadcast_to(view, target)
    for n, mine, theirs in zip(target, strides, numpy_strides(stretched), strict=True):
        assert n <= 1 or mine == theirs


def viewed_without_a_copy(view, shape):
    """Return NumPy's view of another shape, None if it would have to copy."""
    try:
        return view.reshape(shape, copy=False)
    except ValueError:
        return None


@st.composite
def shapes_of_size(draw, size):
    """Factor a size, with some 1 between the factors."""
    shape = []
    while size > 1:
        divisors = [n for n in range(2, size + 1) if size % n == 0]
        shape.append(draw(st.sampled_from(divisors)))
        size //= shape[-1]
    for _ in range(draw(st.integers(0, 2))):
        shape.insert(draw(st.integers(0, len(shape))), 1)
    return tuple(shape)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_there_is_a_view_exactly_where_numpy_has_one(data):
    view = data.draw(arrays(data.draw(shapes(min_side=1))))
    shape = data.draw(shapes_of_size(view.size))
    strides, offset = layout_of(view)
    result = view_strides(view.shape, strides, shape)
    assert (result is None) == (viewed_without_a_copy(view, shape) is None)
    if result is not None:
        assert visited(shape, result, offset) == visited(view.shape, strides, offset)


def visited(shape, strides, offset=0):
    return [position(index, strides, offset) for index in np.ndindex(shape)]


@pytest.mark.parametrize(
    ("shape", "strides", "new_shape", "wanted"),
    [
        ((2, 3), (3, 1), (6,), (1,)),
        ((3, 2), (1, 3), (6,), None),
        ((3, 2), (1, 3), (3, 1, 2), (1, 3, 3)),
        ((2, 3), (-3, -1), (6,), (-1,)),
        ((2, 3), (6, 2), (6,), (2,)),
        ((4, 1, 3), (0, 7, 0), (12,), (0,)),
        ((4, 3), (0, 1), (12,), None),
        ((1, 1), (9, 9), (), ()),
        ((), (), (1, 1), (1, 1)),
        ((0, 3), (5, 5), (3, 0), (1, 1)),
    ],
)
def test_views_by_hand(shape, strides, new_shape, wanted):
    result = view_strides(shape, strides, new_shape)
    if wanted is None or 1 not in new_shape:
        assert result == wanted
    else:
        used = [(r, w) for n, r, w in zip(new_shape, result, wanted, strict=True) if n > 1]
        assert all(r == w for r, w in used)


@laws
@given(st.data())
def test_merging_keeps_the_order_of_the_elements_of_all_operands(data):
    shape = data.draw(shapes(min_side=1))
    operands = [layout_of(data.draw(arrays(shape)))[0] for _ in range(data.draw(st.integers(1, 3)))]
    merged, strides = merge_dimensions(shape, *operands)
    assert len(merged) <= len(shape)
    assert 1 not in merged
    for before, after in zip(operands, strides, strict=True):
        assert visited(merged, after) == visited(shape, before)


@few
@given(shapes(min_side=2, min_dims=1))
def test_whole_storages_merge_to_one_dimension(shape):
    strides = contiguous_strides(shape)
    assert merge_dimensions(shape, strides, strides) == ((prod(shape),), ((1,), (1,)))


@few
@given(st.data())
def test_axes_are_numpys(data):
    ndim = data.draw(st.integers(0, 4))
    chosen = data.draw(axes(ndim))
    wanted = np.lib.array_utils.normalize_axis_tuple(chosen, ndim)
    assert normalize_axes("sum", chosen, ndim) == tuple(sorted(wanted))


def test_no_axes_are_all_of_them():
    assert normalize_axes("sum", None, 3) == (0, 1, 2)
    assert normalize_axes("sum", -1, 3) == (2,)
    assert normalize_axes("sum", (), 3) == ()


def test_axes_that_are_refused():
    with pytest.raises(ShapeError, match=r"sum: axis 3 is out of range for 3 dimension\(s\)"):
        normalize_axes("sum", 3, 3)
    with pytest.raises(ShapeError, match="max: axis -1 is out of range for 0"):
        normalize_axis("max", -1, 0)
    with pytest.raises(ShapeError, match=r"sum: axes \(0, -2\) name one axis twice"):
        normalize_axes("sum", (0, -2), 2)


@pytest.mark.parametrize("axis", [1.0, "0", None, 0.5, np.float64(1.0)])
def test_an_axis_is_an_int(axis):
    with pytest.raises(ShapeError, match="sum: an axis is an int, not"):
        normalize_axis("sum", axis, 2)
    with pytest.raises(ShapeError, match="sum: an axis is an int, not"):
        normalize_axes("sum", (axis,), 2)


@few
@given(shapes(min_side=1), st.data())
def test_one_size_is_inferred(shape, data):
    size = prod(shape)
    wanted = list(data.draw(shapes_of_size(size)))
    if wanted:
        wanted[data.draw(st.integers(0, len(wanted) - 1))] = -1
    assert infer_shape("view", shape, tuple(wanted)) == np.empty(shape).reshape(wanted).shape


def test_shapes_that_are_refused():
    with pytest.raises(ShapeError, match=r"view: \(-1, -1\) must be sizes with at most one -1"):
        infer_shape("view", (4,), (-1, -1))
    with pytest.raises(ShapeError, match=r"view: \(2, -2\) must be sizes"):
        infer_shape("view", (4,), (2, -2))
    with pytest.raises(ShapeError, match=r"view: \(2, 3\) has 6 elements and cannot be \(4,\)"):
        infer_shape("view", (2, 3), (4,))
    with pytest.raises(ShapeError, match=r"cannot be \(4, -1\), which has a multiple of 4"):
        infer_shape("view", (2, 3), (4, -1))
    with pytest.raises(ShapeError, match=r"\(0,\) has 0 elements and cannot be \(0, -1\)"):
        infer_shape("view", (0,), (0, -1))


@pytest.mark.parametrize("size", [2.0, "2", None, np.float64(2.0)])
def test_a_size_is_an_int(size):
    with pytest.raises(ShapeError, match=r"view: .* must be sizes"):
        infer_shape("view", (2, 97), (size, 97))


def test_equal_layouts_are_one_object():
    assert shared((5, 7, 11)) is shared(tuple(map(int, ["5", "7", "11"])))
    assert contiguous_strides((2, 7, 11)) is shared((77, 11, 1))
    assert broadcast_strides((7, 1), (1, 1), (2, 7, 3)) is shared((0, 1, 0))
    assert broadcast_shapes("add", (7, 1), (1, 13)) is shared((7, 13))
    assert permuted((7, 11), (11, 1), (1, 0))[1] is shared((1, 11))
    assert view_strides((7, 22), (22, 1), (7, 2, 11)) is shared((22, 11, 1))
    assert infer_shape("view", (7, 22), (14, -1)) is shared((14, 11))


def test_not_every_layout_is_kept(monkeypatch):
    monkeypatch.setattr(layout, "_met", {})
    monkeypatch.setattr(layout, "MET_AT_MOST", 8)
    for n in range(20):
        kept = shared((n, 3))
        assert shared((n, 3)) is kept
        assert len(layout._met) <= 8  # noqa: SLF001
