"""Averages over windows of any size and step, beside NumPy's, where vectors are not full."""

import numpy as np
import pytest

from mt_fast.backend import FastBackend

BACKEND = FastBackend()

WINDOWS = [
    # kernel, stride, height and width of the images
    ((4, 4), (4, 4), (13, 31)),
    ((1, 1), (1, 1), (3, 70)),
    ((2, 17), (1, 3), (5, 90)),
    ((3, 2), (3, 5), (9, 64)),
    ((2, 40), (2, 41), (4, 130)),
    ((2, 3), (5, 4), (7, 30)),
    ((2, 2), (3, 3), (9, 11)),
    ((3, 3), (2, 2), (8, 40)),
    ((3, 2), (1, 2), (6, 33)),
]


def windows_of(x, kernel, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, (2, 3))
    return windows[:, :, :: stride[0], :: stride[1]]


def spread(grad, kernel, stride, shape):
    out = np.zeros(shape, grad.dtype)
    share = grad / (kernel[0] * kernel[1])
    for i in range(grad.shape[2]):
        for j in range(grad.shape[3]):
            top, left = i * stride[0], j * stride[1]
            window = out[:, :, top : top + kernel[0], left : left + kernel[1]]
            window += share[:, :, i : i + 1, j : j + 1]
    return out


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kernel", "stride", "size"), WINDOWS, ids=str)
def test_averages_and_their_gradient(kernel, stride, size, dtype):
    x = np.random.default_rng(0).standard_normal((2, 3, *size)).astype(dtype)
    wanted = windows_of(x, kernel, stride).mean((4, 5))
    out = BACKEND.from_array(np.full_like(wanted, np.nan))
    BACKEND.avg_pool2d(out, BACKEND.from_array(x), kernel, stride)
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(BACKEND.to_array(out), wanted, rtol=0, atol=16 * eps)
    back = BACKEND.from_array(np.full_like(x, np.nan))
    BACKEND.avg_pool2d_by_input(back, BACKEND.from_array(wanted), kernel, stride)
    given = spread(wanted, kernel, stride, x.shape)
    np.testing.assert_allclose(BACKEND.to_array(back), given, rtol=0, atol=16 * eps)


def test_an_average_is_of_its_window_alone():
    x = np.ones((1, 1, 4, 12))
    x[0, 0, :2, 5] = np.inf
    out = BACKEND.allocate((1, 1, 2, 3), x.dtype)
    BACKEND.avg_pool2d(out, BACKEND.from_array(x), (2, 4), (2, 4))
    np.testing.assert_array_equal(BACKEND.to_array(out)[0, 0], [[1, np.inf, 1], [1, 1, 1]])
    grad = np.array([[[[1.0, np.nan, 2.0], [3.0, 4.0, 5.0]]]])
    back = BACKEND.allocate(x.shape, x.dtype)
    BACKEND.avg_pool2d_by_input(back, BACKEND.from_array(grad), (2, 4), (2, 4))
    wanted = np.repeat(np.repeat(grad / 8, 2, 2), 4, 3)
    np.testing.assert_array_equal(BACKEND.to_array(back), wanted)
