import numpy as np
import pytest

from mt_cuda.plan import MOST_DIMENSIONS, divisible, merged, pieces
from mt_tensor.errors import BackendError
from mt_tensor.layout import contiguous_strides
from mt_tensor.tensor_data import TensorData


def test_merged_sorts_by_the_output_and_joins():
    assert merged((2, 3, 4), (1, 2, 6), (1, 2, 6)) == ((24,), ((1,), (1,)))
    assert merged((2, 3), (3, 1), (1, 2)) == ((2, 3), ((3, 1), (1, 2)))


def test_a_single_element_has_one_dimension():
    assert merged((), (), ()) == ((1,), ((0,), (0,)))
    assert merged((1, 1), (5, 5)) == ((1,), ((0,),))
    assert divisible((1,)).total == 1


def test_too_many_dimensions_are_refused_with_the_layout():
    n = MOST_DIMENSIONS + 1
    shape = (2,) * n
    strides = tuple(3**d for d in reversed(range(n)))
    with pytest.raises(BackendError, match=r"has 9 dimensions that do not merge.* handle 8"):
        merged(shape, strides, strides)


def test_pieces_cover_every_element_once(monkeypatch):
    monkeypatch.setattr("mt_cuda.plan.LIMIT", 5)
    array = np.arange(3 * 7 * 2)
    data = TensorData(array, (3, 7, 2), contiguous_strides((3, 7, 2)))
    seen = []
    for (piece,) in pieces((data,)):
        assert piece.size < 5
        index = np.ndindex(piece.shape)
        seen += [piece.offset + sum(np.multiply(i, piece.strides)) for i in index]
    assert sorted(seen) == array.tolist()
