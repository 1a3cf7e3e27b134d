"""`log_softmax` along any axis, forward and backward."""

from typing import Any

import numpy as np
import pytest

from mt_tensor.dtypes import DType
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import LAYOUTS, WRITABLE, arranged

Array = np.ndarray[Any, Any]


def log_softmax(x: Array, axis: int) -> Array:
    """Normalise in float64."""
    x = x.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        shifted = x - x.max(axis, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis, keepdims=True)))


class Normalization(Suite):
    """`log_softmax` and `log_softmax_by_input`."""

    def forward(self, x: Array, axis: int) -> Array:
        """Run the kernel into a contiguous tensor."""
        out = self.place(self.blank(x.shape, x.dtype))
        self.backend.log_softmax(out, self.place(x), axis)
        return self.read(out)

    @pytest.mark.parametrize("axis", [0, 1, 2])
    @floats
    def test_log_softmax_forward(self, dtype: DType, axis: int) -> None:
        """Of any layout, along any axis."""
        for layout in LAYOUTS:
            x = arranged(layout, 5.0 * drawn(dtype, *self.shape))
            assert_close(self.forward(x, axis), log_softmax(x, axis), scale=20.0, about=layout)

    @pytest.mark.parametrize("axis", [0, 1, 2])
    @floats
    def test_log_softmax_backward(self, dtype: DType, axis: int) -> None:
        """The gradient less the probabilities' share of its sum."""
        for layout in LAYOUTS:
            self.check_backward(dtype, layout, axis)

    def check_backward(self, dtype: DType, layout: str, axis: int) -> None:
        """Compare the gradient of one layout."""
        y = arranged(layout, log_softmax(drawn(dtype, *self.shape), axis).astype(dtype))
        grad = arranged("permuted", drawn(dtype, *self.shape, seed=1))
        out = self.place(self.blank(y.shape, dtype))
        self.backend.log_softmax_by_input(out, self.place(grad), self.place(y), axis)
        wide = grad.astype(np.float64)
        wanted = wide - np.exp(y.astype(np.float64)) * wide.sum(axis, keepdims=True)
        assert_close(self.read(out), wanted, scale=20.0, about=layout)

    @pytest.mark.parametrize("layout", WRITABLE)
    def test_log_softmax_any_layout_is_written(self, layout: str) -> None:
        """Every element of `out`, and nothing between them."""
        x = drawn(np.dtype("f8"), *self.shape)
        self.check_storage(
            lambda out: self.backend.log_softmax(out, self.place(x), 1),
            self.blank(x.shape, x.dtype, layout),
            log_softmax(x, 1),
            layout,
        )

    @floats
    def test_log_softmax_nothing_overflows(self, dtype: DType) -> None:
        """Nor is an excluded class counted."""
        x = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4], [0.0, -np.inf, 0.0]], dtype)
        assert_close(self.forward(x, 1), log_softmax(x, 1), about="extremes")

    def test_log_softmax_one_nan_spoils_its_own_row(self) -> None:
        """And no other."""
        result = self.forward(np.array([[0.0, np.nan], [0.0, 0.0]]), 1)
        np.testing.assert_array_equal(np.isnan(result), [[True, True], [False, False]])

    @floats
    def test_log_softmax_many_rows(self, dtype: DType) -> None:
        """Enough to be shared out."""
        x = drawn(dtype, self.large // 100 + 1, 101)
        for axis in (0, 1):
            assert_close(self.forward(x, axis), log_softmax(x, axis), scale=20.0, about=str(axis))
