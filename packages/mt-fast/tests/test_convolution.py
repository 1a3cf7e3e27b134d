"""The kernels of a convolution beside NumPy's sums, where tiles and blocks are not full."""

import numpy as np
import pytest

from mt_fast import convolution
from mt_fast.backend import FastBackend

BACKEND = FastBackend()

SHAPES = [
    # N, C, H, W, O, KH, KW, stride, padding
    (3, 2, 1, 17, 5, 1, 4, (1, 1), (0, 4)),
    (2, 1, 12, 12, 4, 3, 3, (1, 1), (1, 1)),
    (5, 3, 9, 8, 7, 3, 2, (2, 3), (2, 0)),
    (17, 2, 4, 19, 9, 4, 5, (1, 1), (0, 0)),
    (1, 1, 1, 1, 1, 1, 1, (1, 1), (0, 0)),
    (0, 2, 5, 5, 3, 2, 2, (1, 1), (1, 1)),
]


def windows_of(x, kernel, stride, padding):
    down, right = padding
    framed = np.pad(x, ((0, 0), (0, 0), (down, down), (right, right)))
    windows = np.lib.stride_tricks.sliding_window_view(framed, kernel, (2, 3))
    return windows[:, :, :: stride[0], :: stride[1]]


def expected(grad, x, kernel, stride, padding):
    windows = windows_of(x, kernel, stride, padding)[:, :, : grad.shape[2], : grad.shape[3]]
    return np.einsum("nohw,nchwij->ocij", grad, windows)


def drawn(*shape, dtype="float64"):
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("few_rows", [0, 1000], ids=["dots", "patches"])
@pytest.mark.parametrize("portion", [1, 100, 1 << 22])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_both_ways_to_the_gradient_of_the_kernels(monkeypatch, few_rows, portion, dtype, shape):
    monkeypatch.setattr(convolution, "FEW_ROWS", few_rows)
    monkeypatch.setattr(convolution, "PATCHES", portion)
    n, c, h, w, o, kh, kw, stride, padding = shape
    size = [
        (length + 2 * p - k) // s + 1
        for length, p, k, s in zip((h, w), padding, (kh, kw), stride, strict=True)
    ]
    x, grad = drawn(n, h, w, c, dtype=dtype), drawn(n, *size, o, dtype=dtype)
    last_first = (0, 3, 1, 2)
    out = BACKEND.allocate((o, c, kh, kw), x.dtype)
    by_bias = BACKEND.allocate((o,), x.dtype)
    BACKEND.conv2d_by_weight(
        out,
        by_bias,
        BACKEND.from_array(grad).permute(last_first),
        BACKEND.from_array(x).permute(last_first),
        stride,
        padding,
    )
    wanted = expected(
        grad.transpose(last_first), x.transpose(last_first), (kh, kw), stride, padding
    )
    tolerance = 1e-12 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(BACKEND.to_array(out), wanted, rtol=0, atol=tolerance)
    total = grad.astype(np.float64).sum((0, 1, 2))
    np.testing.assert_allclose(BACKEND.to_array(by_bias), total, rtol=0, atol=tolerance)


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("width", [1, 15, 16, 33, 40])
@pytest.mark.parametrize("images", [1, 9, 16])
def test_dense_gradients_are_added_up_as_they_are_copied(images, width, biased):
    x, grad = drawn(images, 2, 10, width + 1), drawn(images, 5, 9, width)
    out, by_bias = BACKEND.allocate((5, 2, 2, 2), x.dtype), BACKEND.allocate((5,), x.dtype)
    given = BACKEND.from_array(grad), BACKEND.from_array(x)
    BACKEND.conv2d_by_weight(out, by_bias if biased else None, *given, (1, 1), (0, 0))
    wanted = expected(grad, x, (2, 2), (1, 1), (0, 0))
    np.testing.assert_allclose(BACKEND.to_array(out), wanted, rtol=0, atol=1e-11)
    if biased:
        total = grad.sum((0, 2, 3))
        np.testing.assert_allclose(BACKEND.to_array(by_bias), total, rtol=0, atol=1e-11)


@pytest.mark.parametrize("width", [1, 15, 16, 33, 40])
@pytest.mark.parametrize("channels", range(1, 14))
def test_tiles_of_every_height(channels, width):
    x, weight, bias = drawn(2, 2, 5, width), drawn(channels, 2, 3, 1), drawn(channels)
    out = BACKEND.allocate((2, channels, 3, width), x.dtype)
    BACKEND.conv2d(out, *map(BACKEND.from_array, (x, weight, bias[::-1])), (1, 1), (0, 0))
    wanted = np.einsum("nchwij,ocij->nohw", windows_of(x, (3, 1), (1, 1), (0, 0)), weight)
    wanted += bias[::-1, None, None]
    np.testing.assert_allclose(BACKEND.to_array(out), wanted, rtol=0, atol=1e-13)


@pytest.mark.parametrize("few_rows", [0, 1000], ids=["dots", "patches"])
def test_what_no_window_reads_does_not_matter(monkeypatch, few_rows):
    monkeypatch.setattr(convolution, "FEW_ROWS", few_rows)
    x, grad = drawn(2, 3, 6, 8), np.full((2, 4, 4, 6), np.inf)
    x[:, :, 5:], x[:, :, :, 7:] = np.nan, np.inf
    read, inner = x[:, :, :5, :7], grad[:, :, :2, :3]
    inner[:] = drawn(2, 4, 2, 3)
    given = BACKEND.from_array(grad).narrow(2, 0, 2).narrow(3, 0, 3)
    out = BACKEND.allocate((4, 3, 2, 3), x.dtype)
    by_bias = BACKEND.allocate((4,), x.dtype)
    BACKEND.conv2d_by_weight(out, by_bias, given, BACKEND.from_array(x), (3, 2), (0, 0))
    wanted = expected(inner, read, (2, 3), (3, 2), (0, 0))
    np.testing.assert_allclose(BACKEND.to_array(out), wanted, rtol=0, atol=1e-12)
    total = inner.sum((0, 2, 3))
    np.testing.assert_allclose(BACKEND.to_array(by_bias), total, rtol=0, atol=1e-12)
