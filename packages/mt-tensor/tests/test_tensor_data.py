"""Storage + shape + strides + offset: layouts over a storage, without gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt_tensor import ShapeError, TensorData
from mt_tensor.simple import SimpleBackend
from mt_tensor.tensor_data import UNWRITTEN, latest_write
from mt_tensor.testing import Layout, arranged, place
from mt_tensor.testing.strategies import arrays

BACKEND = SimpleBackend()
laws = settings(max_examples=50, deadline=None)


def read(data):
    return BACKEND.to_array(data)


@laws
@given(arrays())
def test_a_layout_reads_as_numpys_view(view):
    data = place(BACKEND, view)
    np.testing.assert_array_equal(read(data), view, strict=True)
    assert (data.ndim, data.size, data.dtype) == (view.ndim, view.size, view.dtype)
    assert data.contiguous == view.flags.c_contiguous


@laws
@given(st.data())
def test_views_read_as_numpys(data):
    view = data.draw(arrays())
    tensor = place(BACKEND, view)
    order = tuple(data.draw(st.permutations(range(view.ndim))))
    np.testing.assert_array_equal(read(tensor.permute(order)), view.transpose(order), strict=True)
    wide = np.broadcast_to(view, (2, *view.shape))
    np.testing.assert_array_equal(read(tensor.expand(wide.shape)), wide, strict=True)
    assert tensor.permute(order).storage is tensor.storage


def test_the_last_two_dimensions_are_exchanged():
    view = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(read(place(BACKEND, view).transpose()), view.swapaxes(1, 2))


def test_a_part_along_one_dimension():
    view = arranged("mixed", np.arange(12.0).reshape(3, 4))
    part = place(BACKEND, view).narrow(1, 1, 2)
    np.testing.assert_array_equal(read(part), view[:, 1:3], strict=True)


def test_a_view_that_strides_do_not_allow_is_none():
    data = place(BACKEND, np.arange(6.0).reshape(2, 3).T)
    assert data.view((6,)) is None
    assert data.view((3, 1, 2)).shape == (3, 1, 2)


@pytest.mark.parametrize(
    ("view", "whole"),
    [
        (np.arange(6.0).reshape(2, 3), True),
        (np.arange(6.0).reshape(2, 3).T, False),
        (np.arange(6.0)[1:], False),
        (np.arange(6.0)[:5], False),
        (np.arange(6.0)[::-1], False),
        (np.zeros((0, 3)), True),
        (np.array(3.0), True),
    ],
)
def test_a_tensor_may_be_its_whole_storage(view, whole):
    assert place(BACKEND, view).whole == whole


def test_without_strides_the_layout_is_row_major():
    data = TensorData(np.zeros(24), (2, 3, 4))
    assert (data.strides, data.offset) == ((12, 4, 1), 0)


def test_views_share_the_mark_of_the_last_write():
    data = TensorData(np.zeros(6), (2, 3))
    view = data.permute((1, 0))
    view.stamp()
    assert data.last_write[0] == view.last_write[0] == latest_write[0] > 0


def test_a_mark_is_made_for_the_first_write_or_view():
    data, other = (TensorData(np.zeros(6), (6,)) for _ in range(2))
    assert data.last_write is other.last_write is UNWRITTEN
    data.stamp()
    view = other.expand((2, 6))
    assert other.last_write is view.last_write is not UNWRITTEN
    assert (UNWRITTEN[0], other.last_write[0], data.last_write[0]) == (0, 0, latest_write[0])
    view.stamp()
    assert other.last_write[0] == latest_write[0] > data.last_write[0]


def test_what_all_unwritten_tensors_share_cannot_be_written():
    with pytest.raises(TypeError, match="does not support item assignment"):
        TensorData(np.zeros(1), (1,)).last_write[0] = 1


@pytest.mark.parametrize(
    ("shape", "strides", "offset", "used"),
    [
        ((2, 3), None, 1, "1 to 6"),
        ((7,), None, 0, "0 to 6"),
        ((2, 3), (3, 2), 0, "0 to 7"),
        ((2, 3), (-3, 1), 0, "-3 to 2"),
        ((), None, 6, "6 to 6"),
        ((3,), (0,), -1, "-1 to -1"),
    ],
)
def test_a_layout_beyond_its_storage_is_refused(shape, strides, offset, used):
    message = rf"TensorData: .* use positions {used} of a storage of 6 elements"
    with pytest.raises(ShapeError, match=message):
        TensorData(np.zeros(6), shape, strides, offset)


def test_no_element_is_beyond_no_storage():
    data = TensorData(np.zeros(0), (0, 3), (5, 1), 4)
    assert read(data.restrided((0, 3), (5, 1), 0)).shape == (0, 3)


@laws
@given(st.data())
def test_an_arranged_array_reads_the_same_and_leaves_the_rest_of_its_storage(data):
    ndim = data.draw(st.integers(0, 3))
    order = tuple(data.draw(st.permutations(range(ndim))))
    layout = Layout(order, (2,) * ndim, margin=1)
    array = np.random.default_rng(0).standard_normal((2, 3, 4)[:ndim])
    view = layout.arrange(array)
    np.testing.assert_array_equal(view, array, strict=True)
    flat = view.base.ravel() if view.base is not None else view.ravel()
    assert np.count_nonzero(np.isfinite(flat)) == array.size
