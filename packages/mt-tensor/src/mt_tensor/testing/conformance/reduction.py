"""`reduce`: every operator with a unit, over every subset of the axes."""

from itertools import chain, combinations
from math import fsum
from typing import Any

import numpy as np
import pytest

from mt_operators import Op, add, maximum, minimum, mul
from mt_tensor.dtypes import DType, float64
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import LAYOUTS, WRITABLE, arranged
from mt_tensor.testing.operators import FOLDS, expected, hypotenuse

Array = np.ndarray[Any, Any]
Axes = tuple[int, ...]

SUBSETS: list[Axes] = list(chain.from_iterable(combinations(range(3), n) for n in range(4)))
UFUNCS = {"add": np.add, "mul": np.multiply, "maximum": np.maximum, "minimum": np.minimum}


def folded(op: Op, array: Array, axes: Axes) -> Array:
    """Fold in float64, by NumPy where it has the operator."""
    wide = array.astype(np.float64)
    if op.name in UFUNCS:
        with np.errstate(invalid="ignore"):
            result: Array = UFUNCS[op.name].reduce(wide, axis=axes, keepdims=True, initial=op.unit)
        return result
    for axis in axes:
        total = np.full_like(wide.take([0], axis), op.unit)
        for i in range(wide.shape[axis]):
            total = expected(op, total, wide.take([i], axis))
        wide = total
    return wide


class Reduction(Suite):
    """`reduce` along any dimensions of any layout."""

    @pytest.mark.parametrize("layout", LAYOUTS)
    @floats
    @pytest.mark.parametrize("name", FOLDS)
    def test_reduce_every_subset_of_the_axes(self, name: str, dtype: DType, layout: str) -> None:
        """None of them copies; all of them leave one element."""
        view = arranged(layout, drawn(dtype, *self.shape))
        for axes in SUBSETS:
            result = self.fold(FOLDS[name], view, axes)
            about = f"{name} of {layout} over {axes}"
            assert_close(result, folded(FOLDS[name], view, axes), scale=4.0, about=about)

    @floats
    def test_reduce_every_subset_of_five_axes(self, dtype: DType) -> None:
        """Kept and folded dimensions in every order, in a layout that does not merge."""
        view = arranged("mixed", drawn(dtype, 2, 1, 2, 3, 2))
        for n in range(6):
            for axes in combinations(range(5), n):
                about = f"add over {axes}"
                assert_close(self.fold(add, view, axes), folded(add, view, axes), about=about)

    @pytest.mark.parametrize("layout", WRITABLE)
    @floats
    @pytest.mark.parametrize("axes", [(0,), (1,), (0, 2)], ids=str)
    def test_reduce_any_layout_is_written(self, axes: Axes, dtype: DType, layout: str) -> None:
        """Every element of `out`, and nothing between them."""
        view = arranged("reversed", drawn(dtype, *self.shape))
        wanted = folded(add, view, axes)
        self.check_storage(
            lambda out: self.backend.reduce(add, out, self.place(view)),
            self.blank(wanted.shape, dtype, layout),
            wanted,
            f"add over {axes} into {layout}",
        )

    @floats
    @pytest.mark.parametrize("name", FOLDS)
    def test_reduce_no_element_gives_the_unit(self, name: str, dtype: DType) -> None:
        """Along an empty dimension; and no output, no work."""
        op = FOLDS[name]
        for shape, axes in (
            ((0,), (0,)),
            ((2, 0, 3), (1,)),
            ((2, 0, 3), (0, 1, 2)),
            ((0, 0), (0, 1)),
        ):
            result = self.fold(op, np.zeros(shape, dtype), axes)
            np.testing.assert_array_equal(
                result, np.full(result.shape, op.unit, dtype), strict=True
            )
        np.testing.assert_equal(self.fold(op, np.zeros((0, 3), dtype), (1,)).shape, (0, 1))

    @floats
    @pytest.mark.parametrize("name", FOLDS)
    def test_reduce_sizes_of_one(self, name: str, dtype: DType) -> None:
        """A single number is its own fold, whichever dimension it is asked along."""
        for shape, axes in (((), ()), ((1,), (0,)), ((1, 1, 1), (0, 2)), ((3, 1), (1,))):
            array = drawn(dtype, *shape)
            np.testing.assert_array_equal(self.fold(FOLDS[name], array, axes), array)

    @pytest.mark.parametrize("place", [0, 6, 16])
    @pytest.mark.parametrize("name", FOLDS)
    def test_reduce_one_nan_spoils_its_own_fold(self, name: str, place: int) -> None:
        """First, in between or last."""
        array = drawn(float64, 2, 17)
        array[1, place] = np.nan
        result = self.fold(FOLDS[name], array, (1,))
        np.testing.assert_array_equal(np.isnan(result), [[False], [True]])
        np.testing.assert_array_equal(
            np.isnan(self.fold(FOLDS[name], array.T, (0,))), [[False, True]]
        )

    @floats
    def test_reduce_infinities(self, dtype: DType) -> None:
        """Opposite ones have no sum; a maximum may be minus infinity."""
        array = np.array([[np.inf, -np.inf, 1.0], [-np.inf, -np.inf, -np.inf]], dtype)
        for op, wanted in (
            (add, [[np.nan], [-np.inf]]),
            (mul, [[-np.inf], [-np.inf]]),
            (maximum, [[np.inf], [-np.inf]]),
            (minimum, [[-np.inf], [-np.inf]]),
        ):
            np.testing.assert_array_equal(self.fold(op, array, (1,)), wanted, op.name)

    @pytest.mark.parametrize("layout", ["contiguous", "permuted", "mixed"])
    @floats
    def test_reduce_a_users_operator(self, dtype: DType, layout: str) -> None:
        """Whose unit is not that of any operator here."""
        view = arranged(layout, drawn(dtype, *self.shape))
        for axes in SUBSETS:
            result = self.fold(hypotenuse, view, axes)
            assert_close(result, folded(hypotenuse, abs(view), axes), scale=4.0, about=str(axes))

    @floats
    @pytest.mark.parametrize("name", ["add", "maximum"])
    def test_reduce_large_folds(self, name: str, dtype: DType) -> None:
        """Sizes that are cut into parts: into one element, into a row, into a column."""
        array = drawn(dtype, self.large // 100 + 1, 101)
        for layout in ("contiguous", "permuted", "mixed"):
            view = arranged(layout, array)
            for axes in ((0,), (1,), (0, 1)):
                result = self.fold(FOLDS[name], view, axes)
                about = f"{name} of {layout} over {axes}"
                scale = np.sqrt(array.size)
                assert_close(result, folded(FOLDS[name], view, axes), scale=scale, about=about)

    @pytest.mark.parametrize("axis", [0, 1])
    def test_reduce_the_error_of_a_sum_does_not_grow(self, axis: int) -> None:
        """A running sum of equal numbers would lose a digit for each digit of their count."""
        shape = (3, 4 * self.large) if axis else (4 * self.large, 3)
        array = np.full(shape, 0.1, np.float32)
        exact = fsum([float(np.float32(0.1))] * (4 * self.large))
        result = self.fold(add, array, (axis,))
        assert_close(result, np.full(result.shape, exact), about="0.1 summed many times")

    @floats
    @pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)], ids=str)
    def test_reduce_equal_arguments_give_equal_bits(self, axes: Axes, dtype: DType) -> None:
        """On every run, also where the work is shared out."""
        array = drawn(dtype, self.large // 50, 50)
        first, second = (self.fold(add, array, axes) for _ in range(2))
        np.testing.assert_equal(first.tobytes(), second.tobytes())
