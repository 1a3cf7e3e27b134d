"""`take_rows`, `add_rows`, `pick` and its gradient: against NumPy's integer arrays."""

from typing import Any

import numpy as np
import pytest

from mt_tensor.dtypes import DType, float32
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import LAYOUTS, WRITABLE, arranged

Array = np.ndarray[Any, Any]

INDEX = np.array([3, 0, 3, 1, 3, 0], np.int64)
"""Rows of a table of five: out of order, repeated, two never named."""


class Rows(Suite):
    """Numbers that are data name what is read and written."""

    @pytest.mark.parametrize("layout", LAYOUTS)
    @floats
    def test_take_rows(self, dtype: DType, layout: str) -> None:
        """Of a table and of numbers in any layout."""
        table, index = arranged(layout, drawn(dtype, 5, 3)), arranged(layout, INDEX)
        out = self.place(self.blank((6, 3), dtype))
        self.backend.take_rows(out, self.place(table), self.place(index))
        np.testing.assert_array_equal(self.read(out), table[index])

    @pytest.mark.parametrize("layout", LAYOUTS)
    @floats
    def test_add_rows(self, dtype: DType, layout: str) -> None:
        """To what is there; a row that is named twice gets both."""
        added, start = arranged(layout, drawn(dtype, 6, 3)), drawn(dtype, 5, 3, seed=1)
        out, wanted = self.place(start), start.copy()
        self.backend.add_rows(out, self.place(INDEX), self.place(added))
        np.add.at(wanted, INDEX, added)
        np.testing.assert_array_equal(self.read(out), wanted)

    @pytest.mark.parametrize("layout", LAYOUTS)
    @floats
    def test_pick(self, dtype: DType, layout: str) -> None:
        """One element of each row."""
        a = arranged(layout, drawn(dtype, 6, 5))
        out = self.place(self.blank((6,), dtype))
        self.backend.pick(out, self.place(a), self.place(INDEX))
        np.testing.assert_array_equal(self.read(out), a[np.arange(6), INDEX])

    @pytest.mark.parametrize("layout", LAYOUTS)
    @floats
    def test_pick_by_input(self, dtype: DType, layout: str) -> None:
        """Zeros, but for one element of each row."""
        grad, wanted = arranged(layout, drawn(dtype, 6)), np.zeros((6, 5), dtype)
        out = self.place(self.blank((6, 5), dtype))
        self.backend.pick_by_input(out, self.place(grad), self.place(INDEX))
        wanted[np.arange(6), INDEX] = grad
        np.testing.assert_array_equal(self.read(out), wanted)

    @pytest.mark.parametrize("layout", WRITABLE)
    def test_rows_any_layout_is_written(self, layout: str) -> None:
        """Every element of `out` that is named, and nothing between them."""
        a, grad = drawn(float32, 5, 3), drawn(float32, 6)
        picked = np.zeros((6, 5), np.float32)
        picked[np.arange(6), INDEX] = grad
        index = self.place(INDEX)
        self.check_storage(
            lambda out: self.backend.take_rows(out, self.place(a), index),
            self.blank((6, 3), float32, layout),
            a[INDEX],
            layout,
        )
        self.check_storage(
            lambda out: self.backend.pick_by_input(out, self.place(grad), index),
            self.blank((6, 5), float32, layout),
            picked,
            layout,
        )

    def test_rows_of_no_number(self) -> None:
        """Nothing is read, and nothing is written."""
        none, out = self.place(INDEX[:0]), self.place(np.ones((5, 3)))
        self.backend.take_rows(self.place(np.ones((0, 3))), out, none)
        self.backend.add_rows(out, none, self.place(np.ones((0, 3))))
        np.testing.assert_array_equal(self.read(out), np.ones((5, 3)))

    def test_rows_of_many_numbers(self) -> None:
        """Enough to be shared out."""
        size = self.large // 100
        rng = np.random.default_rng(0)
        index, a = rng.integers(0, 50, size), rng.standard_normal((size, 30))
        out, wanted = self.place(np.zeros((50, 30))), np.zeros((50, 30))
        self.backend.add_rows(out, self.place(index), self.place(a))
        np.add.at(wanted, index, a)
        np.testing.assert_array_equal(self.read(out), wanted)
