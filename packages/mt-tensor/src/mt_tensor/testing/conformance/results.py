"""Calls that return a new tensor: `elementwise`, `fold` and `product`.

Each is made several times, with other elements, other positions in the storage and other dtypes in
the same layout: a backend may prepare the second call when it makes the first.
"""

from typing import Any

import numpy as np
import pytest

from mt_operators import add, exp, lt, maximum, mul, where
from mt_tensor.dtypes import (
    DType,
    bool_,
    float32,
    float64,
    get_default_dtype,
    int64,
    set_default_dtype,
)
from mt_tensor.errors import ShapeError
from mt_tensor.tensor_data import TensorData
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import arranged

Array = np.ndarray[Any, Any]

LAYOUTS = ("contiguous", "permuted", "offset", "broadcast last")
TURNS = [{"turn_a": a, "turn_b": b} for a in (False, True) for b in (False, True)]


def four(a: float, b: float, c: float, d: float) -> float:
    """Be a function of four numbers."""
    return a * b + c * d


class Results(Suite):
    """New tensors: of the right shape and dtype, contiguous, and sharing nothing."""

    def check_result(self, result: TensorData, wanted: Array, dtype: DType, about: str) -> None:
        """Compare a new tensor with an oracle."""
        np.testing.assert_equal((result.storage.dtype, result.whole), (dtype, True), about)
        assert_close(self.read(result), wanted, scale=16.0, about=about)

    @pytest.mark.parametrize("layout", LAYOUTS)
    @floats
    def test_a_new_tensor_of_a_function(self, dtype: DType, layout: str) -> None:
        """Of one to four operands, again and again."""
        for seed in range(3):
            a, b, c, d = (arranged(layout, drawn(dtype, 2, 3, seed=4 * seed + k)) for k in range(4))
            x, y, z, w = map(self.place, (a, b, c, d))
            for result, wanted in (
                (self.backend.elementwise(exp, x), np.exp(a.astype(float))),
                (self.backend.elementwise(add, x, y), a.astype(float) + b),
                (self.backend.elementwise(where, x, y, z), np.where(a != 0, b, c)),
                (self.backend.elementwise(four, x, y, z, w), a.astype(float) * b + c * d),
            ):
                self.check_result(result, wanted, dtype, layout)

    def test_a_new_tensor_is_broadcast(self) -> None:
        """Operands of other shapes, a single number among them."""
        shapes = [((3, 1), (1, 4)), ((2, 3), ()), ((), (2, 3)), ((3,), (2, 1)), ((0, 3), (3,))]
        for _ in range(2):
            for shape, other in shapes:
                a, b = drawn(float64, *shape), drawn(float64, *other, seed=1)
                result = self.backend.elementwise(mul, self.place(a), self.place(b))
                self.check_result(result, a * b, float64, f"{shape} and {other}")
        with pytest.raises(ShapeError, match=r"mul: \(2,\) and \(3,\) do not broadcast"):
            self.backend.elementwise(mul, *(self.place(np.zeros(n)) for n in (2, 3)))

    def test_a_new_tensor_of_dtypes_that_take_turns(self) -> None:
        """In one layout: the dtype is that in which the operands meet, `bool` for a predicate."""
        for dtype, other, wanted in (
            (float32, float32, float32),
            (float64, float32, float64),
            (float32, int64, float64),
            (int64, float64, float64),
            (float32, float32, float32),
        ):
            a, b = np.array([1, 2, 3], dtype), np.array([3, 2, 1], other)
            x, y = self.place(a), self.place(b)
            self.check_result(self.backend.elementwise(add, x, y), a + b, wanted, "a sum")
            self.check_result(self.backend.elementwise(lt, x, y), a < b, bool_, "a predicate")

    def test_integers_meet_in_the_default_dtype_of_the_moment(self) -> None:
        """Also where that has changed between two calls."""
        numbers, before = self.place(np.array([1, 2])), get_default_dtype()
        try:
            for dtype in (float32, float64, float32):
                set_default_dtype(dtype)
                result = self.backend.elementwise(add, numbers, numbers)
                self.check_result(result, np.array([2.0, 4.0]), dtype, "integers")
        finally:
            set_default_dtype(before)

    def test_a_new_tensor_of_parts_of_a_storage(self) -> None:
        """The layout is the same, the position is not."""
        a = drawn(float64, 4, 3)
        rows = self.place(a)
        for i in (0, 2, 1, 3):
            row = rows.narrow(0, i, 1)
            self.check_result(self.backend.elementwise(exp, row), np.exp(a[i : i + 1]), float64, "")
            self.check_result(
                self.backend.fold(add, row, (1,)), a[i : i + 1].sum(1, keepdims=True), float64, ""
            )
            product = self.backend.product(row, row, turn_b=True)
            self.check_result(product, a[i : i + 1] @ a[i : i + 1].T, float64, "")

    @pytest.mark.parametrize("axes", [(), (0,), (1,), (0, 1)], ids=str)
    @floats
    def test_a_new_fold(self, dtype: DType, axes: tuple[int, ...]) -> None:
        """Sizes of 1 stay."""
        for seed in range(3):
            a = drawn(dtype, 3, 4, seed=seed)
            for op, wanted in (
                (add, a.astype(float).sum(axes, keepdims=True)),
                (maximum, a.max(axes, keepdims=True)),
            ):
                self.check_result(self.backend.fold(op, self.place(a), axes), wanted, dtype, "")

    @pytest.mark.parametrize("turns", TURNS, ids=str)
    @pytest.mark.parametrize("batch", [(), (2,)], ids=str)
    @floats
    def test_a_new_product(
        self, dtype: DType, batch: tuple[int, ...], turns: dict[str, bool]
    ) -> None:
        """Either factor transposed, with a bias and without."""
        for seed in range(2):
            a = drawn(dtype, *batch, 3, 4, seed=seed)
            b = drawn(dtype, *batch, 4, 5, seed=seed + 10)
            x = self.place(np.swapaxes(a, -1, -2).copy() if turns["turn_a"] else a)
            y = self.place(np.swapaxes(b, -1, -2).copy() if turns["turn_b"] else b)
            wanted = a.astype(float) @ b
            for shape in ((5,), (3, 1), None):
                shift = None if shape is None else drawn(dtype, *shape, seed=seed + 20)
                bias = None if shift is None else self.place(shift)
                result = self.backend.product(x, y, bias, **turns)
                total = wanted if shift is None else wanted + shift
                self.check_result(result, total, dtype, f"bias {shape}")
