"""Reading parts of a tensor, with NumPy as the oracle for every key."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
from mt_tensor import IndexingError
from mt_tensor.simple import SimpleBackend
from mt_tensor.testing.strategies import (
    arrays,
    ints_beside_arrays,
    keys,
    masks,
    shapes,
    slices,
    tensors,
)

SIMPLE = SimpleBackend()


def check(x, key):
    """Compare with NumPy, which reads the same elements in the same layout."""
    wanted = x.numpy()[key]
    result = x[key]
    np.testing.assert_array_equal(result.numpy(), wanted, strict=True)
    return result


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_ints_slices_ellipsis_and_none_are_numpys_and_views(data):
    x = data.draw(tensors(SIMPLE))
    result = check(x, data.draw(keys(x.shape, advanced=False)))
    assert result.data.storage is x.data.storage


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_arrays_of_ints_among_slices_are_numpys(data):
    x = data.draw(tensors(SIMPLE))
    key = data.draw(keys(x.shape))
    if not ints_beside_arrays(key):
        check(x, key)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_masks_are_numpys(data):
    x = data.draw(tensors(SIMPLE, data.draw(shapes(min_dims=1))))
    first = data.draw(st.integers(0, x.ndim - 1))
    last = data.draw(st.integers(first + 1, x.ndim))
    mask = data.draw(masks(x.shape[first:last]))
    rest = [data.draw(slices(n)) for n in x.shape[last:]]
    check(x, (*(slice(None),) * first, mask, *rest))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_gather_and_its_gradient(data):
    view = data.draw(arrays())
    key = data.draw(keys(view.shape))
    if ints_beside_arrays(key):
        return
    x = mt.tensor(view, requires_grad=True)
    part = x[key]
    grad = data.draw(arrays(part.shape))
    part.backward(grad)
    wanted = np.zeros(view.shape)
    np.add.at(wanted, key, grad)
    np.testing.assert_allclose(x.grad.numpy(), wanted, atol=1e-12, strict=True)


def test_an_int_among_arrays_is_taken_first_as_in_pytorch():
    x = mt.tensor(np.arange(60.0).reshape(3, 4, 5))
    result = x[0, :, [1, 2]]
    np.testing.assert_array_equal(result.numpy(), x.numpy()[0][:, [1, 2]], strict=True)


def test_indices_of_every_kind():
    x = mt.arange(12).view(3, 4)
    rows = [2, 0]
    wanted = x.numpy()[rows].tolist()
    kinds = [rows, np.array(rows), mt.tensor(rows), np.array(rows, "int8"), np.array([-1, 0])]
    assert all(x[kind].tolist() == wanted for kind in kinds)
    assert x[np.int64(1)].tolist() == x[1].tolist() == x[-2].tolist() == [4, 5, 6, 7]
    assert x[mt.tensor(1)].tolist() == [4, 5, 6, 7]
    assert x[[]].shape == (0, 4)
    assert x[x > 5].tolist() == [6, 7, 8, 9, 10, 11]
    assert x[[True, False, True], 1].tolist() == [1, 9]
    assert x[()].tolist() == x[...].tolist() == x.tolist()
    assert mt.tensor(3.0)[None].shape == (1,)
    assert mt.tensor(3.0)[...].shape == ()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_every_dtype_is_gathered(dtype):
    array = np.array([0, 1, 2, 3]).astype(dtype)
    result = mt.tensor(array)[[3, 0, 3]]
    np.testing.assert_array_equal(result.numpy(), array[[3, 0, 3]], strict=True)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (3, r"index 3 is out of range for dimension 0 of \(3, 4\), of size 3"),
        (-4, "index -4 is out of range for dimension 0"),
        ((0, 4), r"index 4 is out of range for dimension 1 of \(3, 4\), of size 4"),
        ((0, 0, 0), r"index \(0, 0, 0\) has 3 terms for 2 dimension\(s\) of \(3, 4\)"),
        ((..., 0, ...), r"index \(Ellipsis, 0, Ellipsis\) has more than one \.\.\."),
        ([0, 7], "index 7 is out of range for dimension 0"),
        ((slice(None), [-5]), "index -5 is out of range for dimension 1"),
        (1.0, "index 1.0: 1.0 is not an int, a slice"),
        ("a", "index 'a': 'a' is not an int, a slice"),
        (True, "index True: True is not an int, a slice"),
        ([0.5], r"index \[0.5\]: \[0.5\] is not an int"),
        ({}, "is not an int, a slice"),
        (slice("a", None), r"index slice\('a', None, None\): slice indices must be integers"),
        (slice(None, None, 0), "slice step cannot be zero"),
        (([0, 1], [0, 1, 2]), r"arrays of shapes \(2,\) and \(3,\) do not broadcast"),
        (np.ones(2, bool), r"a mask of size 2 indexes dimension 0 of \(3, 4\), of size 3"),
        (np.ones((3, 3), bool), r"a mask of size 3 indexes dimension 1 of \(3, 4\), of size 4"),
        (np.ones((3, 4, 1), bool), "has 3 terms for 2 dimension"),
    ],
)
def test_keys_that_are_refused(key, message):
    with pytest.raises(IndexingError, match=message):
        mt.ones(3, 4)[key]
    with pytest.raises(IndexingError, match=message):
        mt.ones(3, 4)[key] = 1.0


def test_a_ragged_list_is_no_index():
    with pytest.raises(IndexingError, match="is not an int, a slice"):
        mt.ones(3, 4)[[[0], [1, 2]]]
