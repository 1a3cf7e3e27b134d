"""What every part of the suite uses: the backend under test, and arrays that go there and back."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from mt_operators import Op
from mt_tensor.backend import Backend, ElementFn
from mt_tensor.dtypes import DType, float32, float64
from mt_tensor.tensor_data import TensorData
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.layouts import LAYOUTS, arranged, place, storage_with

Array = np.ndarray[Any, Any]

UNTOUCHED = -77.0
"""What `out` holds before a kernel runs; no result here is this number."""

floats = pytest.mark.parametrize("dtype", [float32, float64], ids=str)
"""Run a test for each dtype that is computed in."""


class Suite:
    """A part of the suite; a subclass names the backend.

    Attributes:
        backend: the backend under test.
        small: use small sizes only, for a backend that is a simulator or a loop in Python.
        layouts: in which of `LAYOUTS` each operator is tried; a few are tried in all of them. A
            backend that compiles a kernel for each combination may name fewer.
    """

    backend: ClassVar[Backend]
    small: ClassVar[bool] = False
    layouts: ClassVar[tuple[str, ...]] = tuple(LAYOUTS)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of most arrays here: no two sizes are equal where that is affordable."""
        return (2, 1, 3) if self.small else (2, 3, 4)

    @property
    def large(self) -> int:
        """How many elements an array has that a backend would cut into parts."""
        return 500 if self.small else 300_000

    def place(self, view: Array) -> TensorData:
        """Copy an array to the backend in the layout that it has."""
        return place(self.backend, view)

    def read(self, data: TensorData) -> Array:
        """Copy the elements of a tensor back."""
        return np.array(self.backend.to_array(data))

    def blank(self, shape: tuple[int, ...], dtype: DType, layout: str = "contiguous") -> Array:
        """Return an array to be overwritten, in a layout."""
        filling = True if dtype.kind == "b" else UNTOUCHED
        return arranged(layout, np.full(shape, filling, dtype))

    def elementwise(self, fn: ElementFn, dtype: DType, *views: Array) -> Array:
        """Run `map` or `zip` over arrays, into a contiguous tensor of a dtype."""
        out = self.place(self.blank(views[0].shape, dtype))
        self.run(fn, out, [self.place(view) for view in views])
        return self.read(out)

    def run(self, fn: ElementFn, out: TensorData, operands: list[TensorData]) -> None:
        """Run `map` for one operand, `zip` for several."""
        if len(operands) == 1:
            self.backend.map(fn, out, operands[0])
        else:
            self.backend.zip(fn, out, *operands)

    def fold(self, op: Op, view: Array, axes: tuple[int, ...]) -> Array:
        """Run `reduce` over an array, into a contiguous tensor of its dtype."""
        shape = tuple(1 if d in axes else n for d, n in enumerate(view.shape))
        out = self.place(self.blank(shape, view.dtype))
        self.backend.reduce(op, out, self.place(view))
        return self.read(out)

    def multiply(self, a: Array, b: Array) -> Array:
        """Run `matmul` over arrays of equal batches, into a contiguous tensor of their dtype."""
        out = self.place(self.blank((*a.shape[:-1], b.shape[-1]), a.dtype))
        self.backend.matmul(out, self.place(a), self.place(b))
        return self.read(out)

    def check_storage(
        self, fill: Callable[[TensorData], None], target: Array, wanted: Array, about: str
    ) -> None:
        """Check that a kernel writes every element of `target`, and nothing between them."""
        out = self.place(target)
        fill(out)
        whole = TensorData(out.storage, (len(out.storage),))
        assert_close(self.read(whole), storage_with(target, wanted, target.dtype), about=about)


def drawn(dtype: DType, *shape: int, seed: int = 0) -> Array:
    """Draw standard normal numbers."""
    return np.asarray(np.random.default_rng(seed).standard_normal(shape), dtype)
