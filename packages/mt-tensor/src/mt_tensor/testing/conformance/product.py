"""`matmul`: every layout of its three tensors, batches, sizes of 0 and 1."""

from typing import Any

import numpy as np
import pytest

from mt_tensor.dtypes import DType, float64
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import LAYOUTS, WRITABLE, arranged

Array = np.ndarray[Any, Any]

SHAPES = [
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((1, 5), (5, 1)),
    ((5, 1), (1, 5)),
    ((3, 2, 5), (3, 5, 2)),
    ((2, 3, 4, 5), (2, 3, 5, 2)),
    ((2, 1, 2, 1, 3), (2, 1, 2, 3, 2)),
    ((17, 19), (19, 23)),
]

EMPTY = [
    ((0, 3), (3, 4)),
    ((2, 3), (3, 0)),
    ((2, 0), (0, 4)),
    ((0, 2, 3), (0, 3, 2)),
    ((3, 2, 0), (3, 0, 2)),
]


def product(a: Array, b: Array) -> Array:
    """Multiply in float64."""
    with np.errstate(all="ignore"):
        return np.asarray(np.matmul(a.astype(np.float64), b.astype(np.float64)))


class Product(Suite):
    """`matmul` of matrices and of batches of them."""

    def check_product(self, a: Array, b: Array, about: str) -> None:
        """Compare with NumPy, the error relative to the sum of the products' sizes."""
        size = product(abs(a), abs(b))
        assert_close(self.multiply(a, b), product(a, b), scale=size, about=about)

    @floats
    @pytest.mark.parametrize(("left", "right"), SHAPES, ids=str)
    def test_matmul_shapes(
        self, left: tuple[int, ...], right: tuple[int, ...], dtype: DType
    ) -> None:
        """Vectors as matrices, several batch dimensions, sizes of 1, sizes that fill no tile."""
        self.check_product(drawn(dtype, *left), drawn(dtype, *right, seed=1), f"{left} @ {right}")

    @floats
    @pytest.mark.parametrize(("left", "right"), EMPTY, ids=str)
    def test_matmul_empty(
        self, left: tuple[int, ...], right: tuple[int, ...], dtype: DType
    ) -> None:
        """No rows, no columns, no batch; and no products to add, which is 0."""
        a, b = drawn(dtype, *left), drawn(dtype, *right)
        np.testing.assert_array_equal(self.multiply(a, b), product(a, b))

    @pytest.mark.parametrize("left", LAYOUTS)
    @floats
    def test_matmul_layouts(self, dtype: DType, left: str) -> None:
        """Each layout with each: transposed, backwards, a stride that is not 1, stride 0."""
        a, b = arranged(left, drawn(dtype, 5, 7)), drawn(dtype, 7, 6, seed=1)
        for right in LAYOUTS:
            self.check_product(a, arranged(right, b), f"{left} @ {right}")

    @pytest.mark.parametrize("left", LAYOUTS)
    def test_matmul_layouts_of_batches(self, left: str) -> None:
        """A batch that is broadcast has stride 0 in front."""
        a, b = arranged(left, drawn(float64, 3, 4, 5)), drawn(float64, 3, 5, 2, seed=1)
        for right in LAYOUTS:
            self.check_product(a, arranged(right, b), f"{left} @ {right}")

    @floats
    def test_matmul_transposed_batches(self, dtype: DType) -> None:
        """The views that the gradients of a product use, and blocks of them."""
        a, b = drawn(dtype, 3, 5, 4), drawn(dtype, 3, 2, 5, seed=1)
        self.check_product(a.swapaxes(1, 2), b.swapaxes(1, 2), "transposed")
        self.check_product(a[:, 1:4].swapaxes(1, 2), b[..., 1:4].swapaxes(1, 2), "blocks")

    @pytest.mark.parametrize("layout", WRITABLE)
    @floats
    def test_matmul_any_layout_is_written(self, dtype: DType, layout: str) -> None:
        """Every element of `out`, and nothing between them."""
        a, b = drawn(dtype, 2, 5, 3), drawn(dtype, 2, 3, 4, seed=1)
        self.check_storage(
            lambda out: self.backend.matmul(out, self.place(a), self.place(b)),
            self.blank((2, 5, 4), dtype, layout),
            product(a, b),
            f"into {layout}",
        )

    @floats
    def test_matmul_large_matrices(self, dtype: DType) -> None:
        """Sizes that are cut into tiles, the last of them incomplete; square and narrow."""
        n = 12 if self.small else 150
        for rows, inner, columns in ((n + 1, n + 7, n - 3), (4 * n, 3, n), (2, 5 * n, 3)):
            a, b = drawn(dtype, rows, inner), drawn(dtype, inner, columns, seed=1)
            self.check_product(a, b, "contiguous")
            self.check_product(np.asfortranarray(a), np.asfortranarray(b), "in columns")
            self.check_product(a[::-1], b[:, ::-1], "backwards")

    @floats
    def test_matmul_many_small_matrices(self, dtype: DType) -> None:
        """A batch that is cut into parts, with one operand shared by all."""
        count = 7 if self.small else 2001
        a, b = drawn(dtype, count, 3, 4), drawn(dtype, 4, 2, seed=1)
        self.check_product(a, np.broadcast_to(b, (count, 4, 2)), "the right one shared")
        self.check_product(
            np.broadcast_to(b.T, (count, 2, 4)), a.swapaxes(1, 2), "the left one shared"
        )

    @floats
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_matmul_not_finite_factors(self, value: float, dtype: DType) -> None:
        """Zero times infinity is nan; rows and columns without it are as ever."""
        a, b = drawn(dtype, 3, 4), np.eye(4, 5, dtype=dtype)
        a[1, 2] = value
        np.testing.assert_array_equal(self.multiply(a, b), product(a, b))

    @floats
    def test_matmul_equal_arguments_give_equal_bits(self, dtype: DType) -> None:
        """On every run, also where the work is shared out."""
        n = 12 if self.small else 200
        a, b = drawn(dtype, n, n), drawn(dtype, n, n, seed=1)
        first, second = (self.multiply(a, b) for _ in range(2))
        np.testing.assert_equal(first.tobytes(), second.tobytes())
