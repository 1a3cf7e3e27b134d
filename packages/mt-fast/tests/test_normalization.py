"""The logarithm of softmax and its gradient are NumPy's, also where a call is like one before."""

import numpy as np
import pytest

from mt_fast.backend import FastBackend
from mt_tensor import TensorData

BACKEND = FastBackend()


def expected(x, axis):
    shifted = x - x.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def pulled(grad, y, axis):
    return grad - np.exp(y) * grad.sum(axis, keepdims=True)


def drawn(*shape, dtype="float64"):
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_each_axis_and_dtype_in_turn(axis):
    for dtype in ("float32", "float64", "float32"):
        x, grad = drawn(4, 5, 6, dtype=dtype), drawn(4, 5, 6, dtype=dtype)[::-1].copy()
        y, out = (BACKEND.full(x.shape, 7.0, x.dtype) for _ in range(2))
        BACKEND.log_softmax(y, BACKEND.from_array(x), axis)
        BACKEND.log_softmax_by_input(out, BACKEND.from_array(grad), y, axis)
        tolerance = 1e-12 if dtype == "float64" else 3e-6
        wanted = expected(x, axis)
        np.testing.assert_allclose(BACKEND.to_array(y), wanted, rtol=0, atol=tolerance)
        np.testing.assert_allclose(
            BACKEND.to_array(out), pulled(grad, wanted, axis), rtol=0, atol=3 * tolerance
        )


def test_a_prepared_call_starts_where_its_operands_do():
    whole = drawn(60)
    for start in (0, 11, 2):
        x = TensorData(whole, (3, 4), (4, 1), start)
        y = TensorData(np.full(30, 7.0), (3, 4), (4, 1), start)
        out = TensorData(np.full(30, 7.0), (3, 4), (4, 1), 0)
        BACKEND.log_softmax(y, x, 1)
        BACKEND.log_softmax_by_input(out, x, y, 1)
        part = whole[start : start + 12].reshape(3, 4)
        wanted = expected(part, 1)
        np.testing.assert_allclose(BACKEND.to_array(y), wanted)
        np.testing.assert_allclose(BACKEND.to_array(out), pulled(part, wanted, 1), atol=1e-12)


@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 200])
def test_a_nan_fills_its_row_and_no_other(length):
    for place in range(length):
        x = np.ones((2, length), "float32")
        x[0, place] = np.nan
        y = BACKEND.full(x.shape, 7.0, x.dtype)
        BACKEND.log_softmax(y, BACKEND.from_array(x), 1)
        got = BACKEND.to_array(y)
        assert np.isnan(got[0]).all()
        np.testing.assert_allclose(got[1], -np.log(length), rtol=1e-5, atol=1e-6)
