"""The pool of storages: what is free is used again, what is held never."""

# ruff: noqa: PLW0108  the views are all made alike

import numpy as np
import pytest

from mt_fast.backend import FastBackend
from mt_fast.pool import SHELF, SMALLEST, Pool
from mt_tensor.tensor_data import TensorData

FLOAT64 = np.dtype("float64")
FLOAT32 = np.dtype("float32")
LARGE = SMALLEST // 8


def address(array):
    return array.__array_interface__["data"][0]


def test_a_free_array_is_given_out_again():
    pool = Pool()
    first = pool.take(LARGE, FLOAT64)
    place = address(first)
    del first
    assert address(pool.take(LARGE, FLOAT64)) == place
    assert pool.kept == SMALLEST


def test_of_several_free_arrays_the_one_used_last_comes_first():
    pool = Pool()
    held = [pool.take(LARGE, FLOAT64) for _ in range(3)]
    places = [address(array) for array in held]
    held.clear()
    assert address(pool.take(LARGE, FLOAT64)) == places[2]
    held = [pool.take(LARGE, FLOAT64) for _ in range(3)]
    assert [address(array) for array in held] == places[::-1]
    held.pop(0)
    held.pop(0)
    assert address(pool.take(LARGE, FLOAT64)) == places[1]


def test_an_array_in_use_is_not():
    pool = Pool()
    held = [pool.take(LARGE, FLOAT64) for _ in range(10)]
    assert len({address(array) for array in held}) == 10


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[1:],
        lambda a: a.reshape(2, -1),
        lambda a: memoryview(a),
        lambda a: np.from_dlpack(a),
        lambda a: np.lib.stride_tricks.as_strided(a, (3,), (8,)),
        lambda a: TensorData(a, a.shape),
    ],
    ids=["slice", "reshape", "buffer", "dlpack", "as_strided", "tensor"],
)
def test_nor_one_that_is_seen_through_a_view(view):
    pool = Pool()
    seen = view(pool.take(LARGE, FLOAT64))
    other = pool.take(LARGE, FLOAT64)
    assert pool.kept == 2 * SMALLEST
    place = address(other)
    del seen, other
    again = {address(pool.take(LARGE, FLOAT64)) for _ in range(2)}
    assert place in again


def test_sizes_and_dtypes_do_not_mix():
    pool = Pool()
    pool.take(LARGE, FLOAT64)
    other = pool.take(2 * LARGE, FLOAT32)
    assert other.dtype == FLOAT32
    assert other.size == 2 * LARGE
    assert pool.kept == 2 * SMALLEST


def test_small_arrays_are_not_kept():
    pool = Pool()
    assert pool.take(LARGE - 1, FLOAT64).size == LARGE - 1
    assert pool.kept == 0


def test_the_cap_holds():
    pool = Pool(cap=3 * SMALLEST)
    held = [pool.take(LARGE + i, FLOAT64) for i in range(20)]
    assert pool.kept <= 3 * SMALLEST
    assert len({address(array) for array in held}) == 20


def test_an_array_above_the_cap_is_not_kept():
    pool = Pool(cap=SMALLEST)
    assert pool.take(2 * LARGE, FLOAT64).size == 2 * LARGE
    assert pool.kept == 0


def test_a_shelf_is_not_endless():
    pool = Pool()
    held = [pool.take(LARGE, FLOAT64) for _ in range(SHELF + 10)]
    assert len({address(array) for array in held}) == SHELF + 10
    assert pool.kept == SHELF * SMALLEST


def test_it_can_be_emptied():
    pool = Pool()
    held = pool.take(LARGE, FLOAT64)
    held[:] = 7.0
    pool.empty()
    assert pool.kept == 0
    pool.take(LARGE, FLOAT64)[:] = 0.0
    assert (held == 7.0).all()


def test_a_thousand_steps_need_the_memory_of_one():
    backend = FastBackend()
    for _ in range(1000):
        a = backend.allocate((LARGE,), FLOAT64)
        b = backend.full((2, LARGE), 1.0, FLOAT64)
        c = backend.allocate((LARGE,), FLOAT64)
        del a, b, c
    assert backend.pool.kept <= 6 * SMALLEST


def test_the_backend_fills_what_it_takes():
    backend = FastBackend()
    for value in (1.0, 2.0):
        full = backend.full((3, LARGE), value, FLOAT64)
        np.testing.assert_array_equal(backend.to_array(full), np.full((3, LARGE), value))
        del full
