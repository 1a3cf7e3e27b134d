"""The default pooling, against reductions of NumPy's own windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from mt_tensor.simple import SimpleBackend

BACKEND = SimpleBackend()
PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def windows(x, kernel, stride):
    return sliding_window_view(x, kernel, axis=(2, 3))[:, :, :: stride[0], :: stride[1]]


def forward(kernel_of_backend, x, kernel, stride):
    out = BACKEND.from_array(np.full(windows(x, kernel, stride).shape[:4], np.nan))
    kernel_of_backend(out, BACKEND.from_array(x), kernel, stride)
    return BACKEND.to_array(out)


def avg_by_input(grad, x, kernel, stride):
    out = BACKEND.from_array(np.full(x.shape, np.nan))
    BACKEND.avg_pool2d_by_input(out, BACKEND.from_array(grad), kernel, stride)
    return BACKEND.to_array(out)


def max_by_input(grad, x, kernel, stride):
    out = BACKEND.from_array(np.full(x.shape, np.nan))
    images = BACKEND.from_array(x)
    BACKEND.max_pool2d_by_input(out, BACKEND.from_array(grad), images, kernel, stride)
    return BACKEND.to_array(out)


def first_maxima(grad, x, kernel, stride):
    """Give each window's gradient to its first maximum, one window at a time."""
    result = np.zeros_like(x)
    view = windows(x, kernel, stride)
    for index in np.ndindex(view.shape[:4]):
        i, j = np.unravel_index(np.argmax(view[index]), kernel)
        n, c, h, w = index
        result[n, c, h * stride[0] + i, w * stride[1] + j] += grad[index]
    return result


@settings(max_examples=30, deadline=None)
@given(kernel=PAIRS, stride=PAIRS)
def test_it_reduces_every_full_window(kernel, stride):
    x = drawn(0, 2, 2, 4, 5)
    view = windows(x, kernel, stride)
    result = forward(BACKEND.avg_pool2d, x, kernel, stride)
    np.testing.assert_allclose(result, view.mean((4, 5)), rtol=0, atol=1e-12)
    result = forward(BACKEND.max_pool2d, x, kernel, stride)
    np.testing.assert_array_equal(result, view.max((4, 5)))


@settings(max_examples=30, deadline=None)
@given(kernel=PAIRS, stride=PAIRS)
def test_the_average_pulls_back_as_its_adjoint(kernel, stride):
    x = drawn(1, 2, 2, 4, 5)
    means = windows(x, kernel, stride).mean((4, 5))
    grad = drawn(2, *means.shape)
    pulled = avg_by_input(grad, x, kernel, stride)
    assert (pulled * x).sum() == pytest.approx((grad * means).sum(), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(kernel=PAIRS, stride=PAIRS)
def test_the_maximum_pulls_back_to_the_first_one(kernel, stride):
    x = np.random.default_rng(3).integers(0, 3, (2, 1, 4, 5)).astype(float)
    grad = drawn(4, *windows(x, kernel, stride).shape[:4])
    expected = first_maxima(grad, x, kernel, stride)
    result = max_by_input(grad, x, kernel, stride)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)


def test_nan_wins_and_takes_the_gradient():
    x = np.array([[[[1.0, np.nan], [3.0, np.nan]]]])
    assert np.isnan(forward(BACKEND.max_pool2d, x, (2, 2), (2, 2))).all()
    result = max_by_input(np.array([[[[5.0]]]]), x, (2, 2), (2, 2))
    assert result.tolist() == [[[[0.0, 5.0], [0.0, 0.0]]]]


def test_infinities_are_ordinary_maxima():
    x = np.array([[[[-np.inf, -np.inf]]], [[[1.0, np.inf]]]])
    assert forward(BACKEND.max_pool2d, x, (1, 2), (1, 2)).ravel().tolist() == [-np.inf, np.inf]
    grad = np.array([2.0, np.inf]).reshape(2, 1, 1, 1)
    result = max_by_input(grad, x, (1, 2), (1, 2))
    assert result.tolist() == [[[[2.0, 0.0]]], [[[0.0, np.inf]]]]


def test_it_writes_into_any_layout():
    x, out = drawn(5, 2, 3, 4, 4), BACKEND.from_array(np.full((2, 2, 3, 2), np.nan))
    BACKEND.avg_pool2d(out.permute((3, 2, 0, 1)), BACKEND.from_array(x), (2, 2), (2, 2))
    expected = windows(x, (2, 2), (2, 2)).mean((4, 5))
    result = BACKEND.to_array(out).transpose(3, 2, 0, 1)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)
