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


@pytest.fixture
def lent():
    backend = FastBackend()
    return backend, backend.full((LARGE,), 1.0, FLOAT64)


def test_a_tensor_alone_holds_what_it_has_just_been_given(lent):
    backend, data = lent
    assert backend.pool.held_by_one(data)


@pytest.mark.parametrize(
    "hold",
    [
        lambda a: a.storage,
        lambda a: a.storage[1:],
        lambda a: memoryview(a.storage),
        lambda a: np.from_dlpack(a.storage),
        lambda a: a.restrided(a.shape, a.strides),
        lambda a: a.narrow(0, 1, 2),
    ],
    ids=["array", "slice", "buffer", "dlpack", "view", "part"],
)
def test_it_does_not_where_somebody_else_holds_the_storage(lent, hold):
    backend, data = lent
    held = hold(data)
    assert not backend.pool.held_by_one(data)
    del held
    assert backend.pool.held_by_one(data)


def test_what_is_not_the_pools_is_held_by_who_knows_whom(lent):
    backend, data = lent
    backend.pool.empty()
    assert not backend.pool.held_by_one(data)
    array = np.zeros(LARGE)
    given = TensorData(array, array.shape)  # two references, as if one were the pool's
    assert not backend.pool.held_by_one(given)


def halved(d, y):
    return 0.5 * d + y


def test_a_tensor_alone_is_overwritten(lent):
    backend, data = lent
    other = backend.full((LARGE,), 7.0, FLOAT64)
    made = backend.replaced(halved, data, other)
    assert made is data
    np.testing.assert_array_equal(backend.to_array(made), np.full(LARGE, 7.5))


def test_any_other_is_not(lent):
    backend, data = lent
    other = backend.full((LARGE,), 7.0, FLOAT64)
    view = data.view((2, LARGE // 2))
    made = backend.replaced(halved, data, other)
    np.testing.assert_array_equal(backend.to_array(made), np.full(LARGE, 7.5))
    np.testing.assert_array_equal(backend.to_array(view), np.ones((2, LARGE // 2)))
    del view
    wide = backend.full((3, LARGE), 7.0, FLOAT64)
    narrow = backend.full((LARGE,), 7.0, FLOAT32)
    for b in (wide, narrow):
        assert backend.replaced(halved, data, b).storage is not data.storage
    part = data.narrow(0, 1, LARGE - 1)
    assert backend.replaced(halved, part, part).storage is not data.storage
    np.testing.assert_array_equal(backend.to_array(data), np.ones(LARGE))
