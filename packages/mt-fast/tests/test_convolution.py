"""The gradient by the kernels has two ways; both are NumPy's sum, in any layout and any portion."""

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


def expected(grad, x, kernel, stride, padding):
    down, right = padding
    framed = np.pad(x, ((0, 0), (0, 0), (down, down), (right, right)))
    windows = np.lib.stride_tricks.sliding_window_view(framed, kernel, (2, 3))
    windows = windows[:, :, :: stride[0], :: stride[1]][:, :, : grad.shape[2], : grad.shape[3]]
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
    BACKEND.conv2d_by_weight(
        out,
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
