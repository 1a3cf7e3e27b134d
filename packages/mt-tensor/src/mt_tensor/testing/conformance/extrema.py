"""The gradient of a maximum or minimum: ties share it, as PyTorch's `amax` and `amin` have it."""

from typing import Any

import numpy as np
import pytest

from mt_tensor.dtypes import DType, float64
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.reduction import SUBSETS
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import LAYOUTS, WRITABLE, arranged

Array = np.ndarray[Any, Any]
Axes = tuple[int, ...]


def shared_out(grad: Array, a: Array, best: Array, axes: Axes) -> Array:
    """Give each element that is equal to the extremum its part of the gradient."""
    chosen = a == best
    with np.errstate(invalid="ignore", divide="ignore"):
        share = grad / chosen.sum(axes, keepdims=True)
        return np.asarray(chosen * share)


class Extrema(Suite):
    """`extremum_by_input` along any dimensions of any layout."""

    @pytest.mark.parametrize("layout", LAYOUTS)
    @floats
    def test_ties_share_a_gradient(self, dtype: DType, layout: str) -> None:
        """Along every subset of the axes; of few numbers, so that many are equal."""
        numbers = np.random.default_rng(5).integers(0, 3, self.shape).astype(dtype)
        for axes in SUBSETS:
            self.check_extrema(arranged(layout, numbers), axes, layout)

    @pytest.mark.parametrize("layout", WRITABLE)
    def test_ties_share_into_any_layout(self, layout: str) -> None:
        """Every element of `out`, and nothing between them."""
        a = np.random.default_rng(6).integers(0, 3, self.shape).astype(float64)
        best = a.max(2, keepdims=True)
        grad = drawn(float64, *best.shape)
        self.check_storage(
            lambda out: self.backend.extremum_by_input(out, *map(self.place, (grad, a, best))),
            self.blank(a.shape, float64, layout),
            shared_out(grad, a, best, (2,)),
            f"extremum_by_input into {layout}",
        )

    @floats
    @pytest.mark.parametrize("length", [1, 7, 16, 37])
    def test_a_gradient_whose_rows_are_part_of_others(self, length: int, dtype: DType) -> None:
        """Rows that fill no vector, and a gradient that is a column of a wider one."""
        a = np.random.default_rng(7).integers(0, 9, (3, 4, length)).astype(dtype)
        best = a.max(2, keepdims=True)
        grad = drawn(dtype, 3, 9, 1)[:, 2:6]
        out = self.place(self.blank(a.shape, dtype))
        self.backend.extremum_by_input(out, *map(self.place, (grad, a, best)))
        assert_close(self.read(out), shared_out(grad, a, best, (2,)), about=f"{length} in a row")

    def test_the_gradient_of_what_is_not_finite(self) -> None:
        """A nan makes all gradients of its row nan; infinities tie as numbers do."""
        a = np.array([[np.nan, 1.0, np.nan], [np.inf, 2.0, np.inf], [-np.inf, -np.inf, -np.inf]])
        for axes in ((1,), (0,)):
            self.check_extrema(a, axes, "contiguous")

    def test_no_rows_and_an_extremum_of_all(self) -> None:
        """No row has no gradient; one gradient may belong to all elements."""
        self.check_extrema(np.zeros((0, 3)), (1,), "contiguous")
        self.check_extrema(np.ones((4, 3)), (0, 1), "contiguous")

    def check_extrema(self, a: Array, axes: Axes, layout: str) -> None:
        """Compare the gradient of both extrema."""
        for fold in (np.max, np.min):
            best = np.asarray(fold(a, axis=axes, keepdims=True), a.dtype)
            grad = arranged(layout, drawn(a.dtype, *best.shape))
            out = self.place(self.blank(a.shape, a.dtype))
            self.backend.extremum_by_input(out, *map(self.place, (grad, a, best)))
            wanted = shared_out(grad, a, best, axes)
            assert_close(self.read(out), wanted, about=f"{fold.__name__} over {axes}")
