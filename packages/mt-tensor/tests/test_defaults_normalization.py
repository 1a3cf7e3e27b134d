"""The default log-softmax, against NumPy in extended precision and against its Jacobian."""

import numpy as np
import pytest

from mt_tensor.simple import SimpleBackend

BACKEND = SimpleBackend()


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def forward(x, axis):
    out = BACKEND.from_array(np.full(x.shape, np.nan, x.dtype))
    BACKEND.log_softmax(out, BACKEND.from_array(x), axis)
    return BACKEND.to_array(out)


def by_input(grad, y, axis):
    out = BACKEND.from_array(np.full(y.shape, np.nan))
    BACKEND.log_softmax_by_input(out, BACKEND.from_array(grad), BACKEND.from_array(y), axis)
    return BACKEND.to_array(out)


def oracle(x, axis):
    x = x.astype(np.longdouble)
    return (x - np.log(np.exp(x).sum(axis, keepdims=True))).astype(float)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_it_is_x_less_the_logarithm_of_the_sum(axis):
    x = drawn(0, 2, 3, 4) * 5
    np.testing.assert_allclose(forward(x, axis), oracle(x, axis), rtol=0, atol=1e-12)


def test_nothing_overflows():
    x = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4]])
    expected = [[0.0, -1e4, -2e4], [-np.log(3.0)] * 3]
    np.testing.assert_allclose(forward(x, 1), expected, rtol=1e-12, atol=1e-12)


def test_an_excluded_class_stays_excluded():
    result = forward(np.array([[0.0, -np.inf, 0.0]]), 1)
    np.testing.assert_allclose(result, [[-np.log(2.0), -np.inf, -np.log(2.0)]], rtol=1e-12)


def test_one_nan_spoils_its_own_row_only():
    result = forward(np.array([[0.0, np.nan], [0.0, 0.0]]), 1)
    assert np.isnan(result).tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize("axis", [0, 1])
def test_its_gradient_is_the_transposed_jacobian(axis):
    x, grad = drawn(1, 3, 4), drawn(2, 3, 4)
    step = 1e-6
    expected = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        change = np.zeros_like(x)
        change[index] = step
        slope = (oracle(x + change, axis) - oracle(x - change, axis)) / (2 * step)
        expected[index] = (grad * slope).sum()
    np.testing.assert_allclose(by_input(grad, oracle(x, axis), axis), expected, rtol=0, atol=1e-8)


def test_it_may_write_over_its_input():
    x = drawn(3, 2, 5)
    data = BACKEND.from_array(x)
    BACKEND.log_softmax(data, data, 1)
    np.testing.assert_allclose(BACKEND.to_array(data), oracle(x, 1), rtol=0, atol=1e-12)


def test_float32_stays_float32():
    x = (drawn(4, 2, 6) * 3).astype("f")
    result = forward(x, 1)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, oracle(x, 1), rtol=1e-6, atol=1e-6)
