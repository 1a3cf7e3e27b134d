"""Convolution of sequences, forward and backward, against NumPy's windows."""

from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from mt_tensor.dtypes import DType
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import LAYOUTS, WRITABLE, arranged

Array = np.ndarray[Any, Any]

WINDOWS = [(1, 1, 0), (3, 1, 0), (2, 3, 0), (3, 2, 2), (4, 1, 4), (2, 4, 1)]
"""Kernel, stride and padding; a stride may leap over the kernel."""


def windows(x: Array, kernel: int, stride: int, padding: int) -> Array:
    """Return what each output reads, (N, C, OL, K), in float64."""
    wide = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (padding, padding)))
    view: Array = sliding_window_view(wide, kernel, axis=2)
    return view[:, :, ::stride]


def correlate(x: Array, weight: Array, stride: int, padding: int) -> Array:
    """Correlate sequences with kernels."""
    view = windows(x, weight.shape[2], stride, padding)
    return np.asarray(np.einsum("nclk,ock->nol", view, weight.astype(np.float64)))


def by_weight(grad: Array, x: Array, kernel: int, stride: int, padding: int) -> Array:
    """Sum what each weight has met."""
    view = windows(x, kernel, stride, padding)
    return np.asarray(np.einsum("nol,nclk->ock", grad.astype(np.float64), view))


def by_input(grad: Array, weight: Array, length: int, stride: int, padding: int) -> Array:
    """Give each element its share from each window that has read it, window by window."""
    wide = np.zeros((grad.shape[0], weight.shape[1], length + 2 * padding))
    for place in range(grad.shape[2]):
        read = slice(place * stride, place * stride + weight.shape[2])
        wide[:, :, read] += np.einsum("no,ock->nck", grad[:, :, place], weight)
    return wide[:, :, padding : padding + length]


class Sequences(Suite):
    """`conv1d` and its gradients."""

    @floats
    @pytest.mark.parametrize(("kernel", "stride", "padding"), WINDOWS, ids=str)
    def test_conv1d(self, kernel: int, stride: int, padding: int, dtype: DType) -> None:
        """Forward, and back to the sequences and to the kernels."""
        n = 1 if self.small else 2
        x, weight = drawn(dtype, n, 3, 7), drawn(dtype, 4, 3, kernel, seed=1)
        self.check_conv1d(x, weight, stride, padding)

    @pytest.mark.parametrize("layout", LAYOUTS)
    @floats
    def test_conv1d_of_any_layout(self, dtype: DType, layout: str) -> None:
        """Sequences, kernels and gradients that are views."""
        n = 1 if self.small else 2
        x, weight = drawn(dtype, n, 2, 6), drawn(dtype, 3, 2, 3, seed=1)
        self.check_conv1d(arranged(layout, x), arranged(layout, weight), 2, 1, layout)

    @pytest.mark.parametrize("layout", WRITABLE)
    def test_conv1d_into_any_layout(self, layout: str) -> None:
        """Every element of `out`, and nothing between them."""
        x, weight = drawn(np.dtype("f8"), 2, 2, 5), drawn(np.dtype("f8"), 3, 2, 2, seed=1)
        bias, grad = drawn(np.dtype("f8"), 3, seed=2), drawn(np.dtype("f8"), 2, 3, 6, seed=3)
        a, w, b, g = (self.place(array) for array in (x, weight, bias, grad))
        kernels = self.backend
        cases = (
            (lambda out: kernels.conv1d(out, a, w, b, 1, 1), self.shifted(x, weight, bias)),
            (lambda out: kernels.conv1d_by_input(out, g, w, 1, 1), by_input(grad, weight, 5, 1, 1)),
            (
                lambda out: kernels.conv1d_by_weight(out, None, g, a, 1, 1),
                by_weight(grad, x, 2, 1, 1),
            ),
            (
                lambda out: kernels.conv1d_by_weight(self.place(weight), out, g, a, 1, 1),
                grad.sum((0, 2)),
            ),
        )
        for fill, wanted in cases:
            target = self.blank(wanted.shape, x.dtype, layout)
            self.check_storage(fill, target, wanted, f"into {layout}")

    @floats
    def test_conv1d_of_no_sequences(self, dtype: DType) -> None:
        """Gives none, and a gradient of 0."""
        self.check_conv1d(np.zeros((0, 2, 5), dtype), drawn(dtype, 3, 2, 2), 1, 0)

    @floats
    def test_conv1d_of_many_sequences(self, dtype: DType) -> None:
        """Enough of them to be shared out, channels and lengths that fill no tile."""
        n, channels, filters = (1, 3, 5) if self.small else (33, 19, 27)
        x, weight = drawn(dtype, n, channels, n + 8), drawn(dtype, filters, channels, 3, seed=1)
        self.check_conv1d(x.transpose(0, 2, 1).copy().transpose(0, 2, 1), weight, 1, 3)

    @pytest.mark.parametrize("share", [0.0, 0.05, 0.12, 0.13, 0.5])
    @floats
    def test_a_gradient_that_is_nearly_zero(self, dtype: DType, share: float) -> None:
        """As a maximum over time hands it on; a kernel may leave out what is 0."""
        rng = np.random.default_rng(4)
        n, channels = (1, 1) if self.small else (2, 3)
        x, weight = drawn(dtype, n, channels, 20), drawn(dtype, 5, channels, 3, seed=1)
        grad = np.where(rng.random((n, 5, 20)) < share, drawn(dtype, n, 5, 20), dtype.type(0))
        self.check_gradients(grad, x, weight, 1, 1)

    def check_conv1d(
        self, x: Array, weight: Array, stride: int, padding: int, layout: str = "contiguous"
    ) -> None:
        """Compare the three kernels of a convolution."""
        bias = arranged(layout, drawn(x.dtype, weight.shape[0], seed=2))
        for shift in (bias, None):
            wanted = self.shifted(x, weight, shift, stride, padding)
            out = self.place(self.blank(wanted.shape, x.dtype))
            b = None if shift is None else self.place(shift)
            self.backend.conv1d(out, self.place(x), self.place(weight), b, stride, padding)
            assert_close(self.read(out), wanted, scale=16.0, about="conv1d")
        grad = arranged(layout, drawn(x.dtype, *wanted.shape, seed=3))
        self.check_gradients(grad, x, weight, stride, padding)

    def check_gradients(
        self, grad: Array, x: Array, weight: Array, stride: int, padding: int
    ) -> None:
        """Compare both gradients."""
        how = (stride, padding)
        g, a, w = (self.place(array) for array in (grad, x, weight))
        out = self.place(self.blank(x.shape, x.dtype))
        self.backend.conv1d_by_input(out, g, w, *how)
        wanted = by_input(grad, weight, x.shape[2], *how)
        assert_close(self.read(out), wanted, scale=16.0, about="conv1d_by_input")
        for bias in (None, self.place(self.blank(weight.shape[:1], x.dtype))):
            out = self.place(self.blank(weight.shape, x.dtype))
            self.backend.conv1d_by_weight(out, bias, g, a, *how)
            wanted = by_weight(grad, x, weight.shape[2], *how)
            assert_close(self.read(out), wanted, scale=64.0, about="conv1d_by_weight")
            if bias is not None:
                total = grad.astype(np.float64).sum((0, 2))
                assert_close(self.read(bias), total, scale=64.0, about="the bias")

    @staticmethod
    def shifted(
        x: Array, weight: Array, bias: Array | None, stride: int = 1, padding: int = 1
    ) -> Array:
        """Correlate, and add the bias."""
        result = correlate(x, weight, stride, padding)
        return result if bias is None else result + bias[:, None]
