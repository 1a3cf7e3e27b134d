"""The course's layout arithmetic, against NumPy's."""

# ruff: noqa: SLF001  names of the course begin with _

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import IndexingError, TensorData
from minitorch.jit import njit

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


def numbered(shape):
    return TensorData(np.arange(np.prod(shape), dtype=float), shape)


@given(shapes)
def test_an_ordinal_is_an_index_and_an_index_a_position(shape):
    strides = minitorch.strides_from_shape(shape)
    for ordinal, index in enumerate(np.ndindex(*shape)):
        found = [0] * len(shape)
        minitorch.to_index(ordinal, shape, found)
        assert tuple(found) == index
        assert minitorch.index_to_position(found, strides) == ordinal


def test_an_index_may_be_longer_than_its_shape():
    found = np.full(minitorch.MAX_DIMS, -1)
    minitorch.to_index(5, np.array([2, 3]), found)
    assert found[:3].tolist() == [1, 2, -1]


@given(shapes, st.data())
def test_broadcasting_reads_what_numpy_reads(shape, data):
    lead = data.draw(st.lists(st.integers(1, 3), max_size=2).map(tuple))
    squeezed = tuple(data.draw(st.sampled_from([1, n])) for n in shape)
    big = (*lead, *shape)
    array = np.arange(np.prod(squeezed)).reshape(squeezed)
    read = np.broadcast_to(array, big)
    for index in np.ndindex(*big):
        found = [0] * len(squeezed)
        minitorch.broadcast_index(index, big, squeezed, found)
        assert array[tuple(found)] == read[index]


def test_the_functions_compile_as_they_stand():
    found = np.zeros(2, np.int64)
    njit(minitorch.to_index)(5, np.array([2, 3]), found)
    assert found.tolist() == [1, 2]
    assert njit(minitorch.index_to_position)(found, np.array([3, 1])) == 5
    njit(minitorch.broadcast_index)(found, np.array([2, 3]), np.array([1]), found)
    assert found.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        ((1,), (5, 5), (5, 5)),
        ((5, 5), (1,), (5, 5)),
        ((1, 5, 5), (5, 5), (1, 5, 5)),
        ((5, 1, 5, 1), (1, 5, 1, 5), (5, 5, 5, 5)),
        ((2, 5), (5,), (2, 5)),
        ((), (3,), (3,)),
    ],
)
def test_shapes_that_broadcast(a, b, both):
    assert minitorch.shape_broadcast(a, b) == TensorData.shape_broadcast(b, a) == both


@pytest.mark.parametrize(("a", "b"), [((5, 7, 5, 1), (1, 5, 1, 5)), ((5, 2), (5,)), ((2,), (3,))])
def test_shapes_that_do_not_broadcast(a, b):
    with pytest.raises(IndexingError, match="do not broadcast"):
        minitorch.shape_broadcast(a, b)
    assert issubclass(IndexingError, RuntimeError)


def test_a_list_becomes_float64_and_an_array_is_kept():
    array = np.array([1.0, 2.0])
    assert TensorData(array, (2,))._storage is array
    made = TensorData([1, 2, 3, 4, 5, 6, 7, 8], (4, 2, 1))
    assert made._storage.dtype == np.float64
    assert (made.shape, made.strides, made.dims, made.size) == ((4, 2, 1), (2, 1, 1), 3, 8)
    assert made._shape.tolist() == [4, 2, 1]
    assert made._strides.tolist() == [2, 1, 1]
    storage, shape, strides = made.tuple()
    assert (storage is made._storage, shape.tolist(), strides.tolist()) == (
        True,
        [4, 2, 1],
        [2, 1, 1],
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (([1.0, 2.0], (3,)), r"a storage of 2 elements for shape \(3,\), of 3"),
        (([1.0, 2.0], [2]), r"shape \[2\] and strides \(1,\) must be tuples"),
        (([1.0, 2.0], (2,), [1]), r"strides \[1\] must be tuples"),
    ],
)
def test_a_storage_that_does_not_fit_is_refused(arguments, reason):
    with pytest.raises(AssertionError, match=reason):
        TensorData(*arguments)


def test_each_dimension_needs_a_stride():
    with pytest.raises(IndexingError, match=r"1 strides \(1,\) for 2 dimensions \(1, 2\)"):
        TensorData([1.0, 2.0], (1, 2), (1,))


@given(shapes)
def test_indices_come_once_each_in_order(shape):
    data = numbered(shape)
    assert list(data.indices()) == list(np.ndindex(*shape))
    assert [data.index(i) for i in data.indices()] == list(range(data.size))
    assert data.sample() in set(data.indices())


def test_an_element_is_read_and_written():
    data = numbered((2, 3))
    data.set((1, 2), 9.5)
    assert data.get((1, 2)) == 9.5
    assert data._storage[5] == 9.5
    assert numbered((3,)).index(2) == 2


@pytest.mark.parametrize("index", [(0,), (0, 0, 0), (2, 0), (0, 3), (-1, 0), 1])
def test_a_wrong_index_is_refused(index):
    with pytest.raises(IndexingError, match=r"index .* (parts|out of range)"):
        numbered((2, 3)).index(index)


@given(shapes, st.randoms())
def test_a_permuted_view_shares_the_storage(shape, rng):
    data = numbered(shape)
    order = list(range(len(shape)))
    rng.shuffle(order)
    view = data.permute(*order)
    expected = np.arange(data.size).reshape(shape).transpose(order)
    assert view.shape == expected.shape
    assert [view.get(i) for i in view.indices()] == expected.reshape(-1).tolist()
    assert view._storage is data._storage
    assert data.is_contiguous()
    assert view.is_contiguous() == (list(view.strides) == sorted(view.strides, reverse=True))


@pytest.mark.parametrize("order", [(0,), (0, 0), (0, 2), (0, 1, 2)])
def test_an_order_that_is_none_is_refused(order):
    with pytest.raises(AssertionError, match="does not name each dimension of"):
        numbered((2, 3)).permute(*order)


def test_the_text_has_two_decimals_and_brackets():
    assert TensorData([1.0, 2.125, np.nan, -np.inf], (2, 2)).to_string() == (
        "[[1.00 2.12]\n [nan -inf]]"
    )
    assert TensorData([3.0], ()).to_string() == "3.00"
