"""Folds are NumPy's, in any layout, wherever a nan lies and however long a run is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt_fast.backend import FastBackend
from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_fast.kernels.reduce.vectorized import WIDTH
from mt_fast.reduction import COLUMN_BLOCK, ROW_BLOCK
from mt_operators import add, maximum, minimum, mul, op
from mt_tensor import TensorData

BACKEND = FastBackend()
FOLDS = {add: np.sum, mul: np.prod, maximum: np.max, minimum: np.min}
FLOATS = ("float32", "float64")
UNITS = {add: 0.0, mul: 1.0, maximum: -np.inf, minimum: np.inf}


def folded(operator, array, axis):
    """Fold along one axis; the array may be a view, whose storage holds more."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    start = (array.ctypes.data - base.ctypes.data) // array.itemsize
    strides = tuple(step // array.itemsize for step in array.strides)
    a = TensorData(base.reshape(-1), array.shape, strides, start)
    shape = tuple(1 if d == axis else size for d, size in enumerate(array.shape))
    out = BACKEND.full(shape, 7.0, array.dtype)
    BACKEND.reduce(operator, out, a)
    return BACKEND.to_array(out)


def drawn(*shape, dtype="float64"):
    return np.random.default_rng(sum(shape)).uniform(0.9, 1.1, shape).astype(dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("operator", FOLDS, ids=lambda each: each.name)
@pytest.mark.parametrize("axis", [0, 1])
def test_every_length(operator, dtype, axis):
    for length in (*range(201), ROW_BLOCK - 1, ROW_BLOCK, ROW_BLOCK + 1, 5 * ROW_BLOCK + 3):
        array = drawn(length, 3, dtype=dtype) if axis == 0 else drawn(3, length, dtype=dtype)
        wanted = FOLDS[operator](
            array.astype("float64"), axis, keepdims=True, initial=UNITS[operator]
        )
        got = folded(operator, array, axis)
        np.testing.assert_allclose(got, wanted, rtol=1e-12 if dtype == "float64" else 2e-5)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("operator", FOLDS, ids=lambda each: each.name)
def test_a_nan_at_any_position_comes_out_and_stays_in_its_row(operator, dtype):
    for length in (*range(1, 40), 63, 64, 65, 127, 128, 200):
        array = np.tile(np.ones(length, dtype), (length + 1, 1))
        np.fill_diagonal(array, np.nan)
        for sign in (1.0, -1.0):
            signed = array * dtype_of(sign, dtype)
            for got in (folded(operator, signed, 1)[:, 0], folded(operator, signed.T, 0)[0]):
                assert np.isnan(got[:length]).all(), length
                assert not np.isnan(got[length]), length
            for got in (
                folded(operator, signed.T.copy(), 0)[0],
                folded(operator, signed.T.copy().T, 1)[:, 0],
            ):
                assert np.isnan(got[:length]).all(), length
                assert not np.isnan(got[length]), length


def dtype_of(value, dtype):
    return np.dtype(dtype).type(value)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("bottom", [-np.inf, -1.0, 0.0])
@pytest.mark.parametrize("axis", [0, 1])
def test_an_extremum_at_any_position(dtype, bottom, axis):
    for length in (1, 2, 15, 16, 17, 63, 64, 65, 200):
        square = np.full((length, length), bottom, dtype)
        np.fill_diagonal(square, np.arange(1, length + 1))
        top = np.arange(1, length + 1, dtype=dtype)
        np.testing.assert_array_equal(folded(maximum, square, axis).ravel(), top)
        np.testing.assert_array_equal(folded(minimum, -square, axis).ravel(), -top)


@pytest.mark.parametrize("dtype", FLOATS)
def test_infinities_are_numbers(dtype):
    line = np.array([[-np.inf, 1.0, np.inf]], dtype).repeat(30, axis=1)
    assert folded(maximum, line, 1) == np.inf
    assert folded(minimum, line, 1) == -np.inf
    assert np.isnan(folded(add, line, 1))
    assert folded(maximum, np.full((1, 99), -np.inf, dtype), 1) == -np.inf


@pytest.mark.parametrize("operator", [maximum, minimum], ids=lambda each: each.name)
def test_zeros_are_equal_whatever_their_sign(operator):
    line = np.zeros((1, 150), "float32")
    line[0, ::2] = -0.0
    assert folded(operator, line, 1) == 0.0


@settings(deadline=None)  # kernels compile
@given(st.data())
def test_any_layout_of_any_dtype(data):
    draw = data.draw
    shape = tuple(draw(st.lists(st.integers(0, 9), min_size=1, max_size=4)))
    dtype = draw(st.sampled_from((*FLOATS, "int64")))
    array = np.random.default_rng(len(shape)).permutation(
        np.arange(1, 1 + np.prod(shape, dtype=int))
    )
    array = (array % 7 - 3).astype(dtype).reshape(shape)
    array = array.transpose(draw(st.permutations(range(array.ndim))))
    array = array[tuple(slice(None, None, draw(st.sampled_from((1, 2, -1)))) for _ in shape)]
    if draw(st.booleans()):
        array = np.broadcast_to(array, (draw(st.integers(1, 70)), *array.shape))
    operator, axis = (
        draw(st.sampled_from((add, maximum, minimum))),
        draw(st.integers(0, array.ndim - 1)),
    )
    limits = {add: 0, maximum: -np.inf, minimum: np.inf}
    if dtype == "int64":
        limits |= {maximum: np.iinfo(dtype).min, minimum: np.iinfo(dtype).max}
    wanted = FOLDS[operator](array, axis, keepdims=True, initial=limits[operator])
    np.testing.assert_array_equal(folded(operator, array, axis), wanted)


@pytest.mark.parametrize("width", [1, 15, 16, 17, WIDTH - 1, WIDTH, WIDTH + 1, 2 * WIDTH + 5])
@pytest.mark.parametrize("height", [1, 7, 8, 9, COLUMN_BLOCK + 1, 3 * COLUMN_BLOCK + 12])
def test_strips_and_blocks_of_columns(width, height):
    array = drawn(height, width, dtype="float32")
    np.testing.assert_allclose(folded(add, array, 0)[0], array.sum(0, dtype="f8"), rtol=1e-6)
    np.testing.assert_array_equal(folded(maximum, array, 0)[0], array.max(0))


@pytest.mark.parametrize("axis", [0, 1])
def test_the_error_of_a_sum_does_not_grow_with_its_length(axis):
    for size in (1 << 12, 1 << 17, 1 << 22):
        array = np.full((size, 1) if axis == 0 else (1, size), 0.1, "float32")
        error = abs(float(folded(add, array, axis).item()) / (size * float(np.float32(0.1))) - 1)
        # In plain Python a block is added in order, without vectors.
        assert error < (3e-6 if INTERPRETED else 1e-6), size


@pytest.mark.parametrize("size", [1 << 12, 1 << 20])
@pytest.mark.parametrize("step", [2, -1, 5])
def test_nor_with_the_distance_of_its_elements(size, step):
    array = np.full(size * abs(step), 0.1, "float32")[::step]
    error = abs(float(folded(add, array, 0).item()) / (size * float(np.float32(0.1))) - 1)
    assert error < 3e-6


def test_an_operator_that_does_not_commute_is_folded_in_order():
    @op(lambda x, y: 0.0, lambda x, y: 1.0, unit=0.0)
    def last(x: float, y: float) -> float:
        return y if y != 0.0 else x

    for shape in ((3, 300), (300, 3), (2, 3 * ROW_BLOCK), (3 * COLUMN_BLOCK, 50)):
        for axis in (0, 1):
            array = drawn(*shape, dtype="float32")
            wanted = np.take(array, [-1], axis)
            np.testing.assert_array_equal(folded(last, array, axis), wanted)


def test_a_prepared_fold_is_for_one_combination_of_dtypes():
    for dtype in ("float32", "float64", "int64", "float32"):
        array = np.arange(12, dtype=dtype).reshape(3, 4)
        np.testing.assert_array_equal(folded(add, array, 1), array.sum(1, keepdims=True))


def test_a_prepared_fold_is_for_one_output():
    array = drawn(6, 6)
    for axis in (0, 1, 0, 1):
        np.testing.assert_allclose(folded(add, array, axis), array.sum(axis, keepdims=True))
    out = BACKEND.full((1, 1), 7.0, array.dtype)
    BACKEND.reduce(add, out, BACKEND.from_array(array))
    np.testing.assert_allclose(BACKEND.to_array(out), array.sum(keepdims=True))


def test_a_prepared_fold_starts_where_its_operand_does():
    storage = BACKEND.from_array(drawn(40))
    for start in (0, 7, 1):
        a = TensorData(storage.storage, (3, 4), (4, 1), start)
        out = TensorData(np.full(9, 7.0), (3, 1), (1, 1), start % 5)
        BACKEND.reduce(add, out, a)
        wanted = storage.storage[start : start + 12].reshape(3, 4).sum(1, keepdims=True)
        np.testing.assert_allclose(BACKEND.to_array(out), wanted)
