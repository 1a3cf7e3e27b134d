"""Arrays that compiled functions borrow: read and written where they are, and not counted."""

import sys

import numba
import numpy as np
import pytest

from mt_fast.compiler import compile_entry
from mt_fast.kernels.intrinsics.borrowed import Borrowed
from mt_fast.kernels.intrinsics.instruction import INTERPRETED


def weighted(rows):
    """Return a sum in which each element has another weight, and mark the last."""
    total = 0
    for i in range(len(rows)):
        for j in range(rows.shape[1]):
            total += rows[i, j] * (1 + i * rows.shape[1] + j)
    if len(rows):
        rows[-1, -1] = total
    return total


def summed(cube):
    """Return the element at the far corner."""
    return cube[cube.shape[0] - 1, cube.shape[1] - 1, cube.shape[2] - 1] - cube[0, 1, 0]


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (2, 5), (7, 4)])
def test_elements_are_read_and_written_in_place(shape):
    rows = np.random.default_rng(0).integers(-99, 99, shape)
    weights = np.arange(1, rows.size + 1).reshape(shape)
    expected = int((rows * weights).sum())
    assert compile_entry(weighted, numba.int64(Borrowed(2)))(rows) == expected
    if rows.size:
        assert rows[-1, -1] == expected


def test_any_number_of_dimensions():
    cube = np.arange(24).reshape(2, 3, 4)
    assert compile_entry(summed, numba.int64(Borrowed(3)))(cube) == cube[-1, -1, -1] - cube[0, 1, 0]


@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")
def test_no_reference_stays():
    rows, entry = np.zeros((2, 3), np.int64), compile_entry(weighted, numba.int64(Borrowed(2)))
    before = sys.getrefcount(rows)
    for _ in range(10):
        entry(rows)
    assert sys.getrefcount(rows) == before
