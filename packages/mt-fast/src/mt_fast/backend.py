"""The fast backend: NumPy storages, kernels compiled by Numba."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from math import prod
from types import BuiltinFunctionType, FunctionType
from typing import Any
from weakref import ref

import numpy as np

from mt_fast import (
    convolution,
    convolution1d,
    dropout,
    extremum,
    fresh,
    normalization,
    optimization,
    pooling,
    replaying,
    rows,
)
from mt_fast.elementwise import Elementwise
from mt_fast.memory import ABLE, Memory
from mt_fast.pool import Pool
from mt_fast.product import multiply
from mt_fast.reduction import Reduction
from mt_operators import Op
from mt_tensor.backend import Backend, ElementFn, Pair, Positions
from mt_tensor.capture.tape import Call, Comparison, Run
from mt_tensor.dtypes import DType
from mt_tensor.errors import BackendError
from mt_tensor.layout import Shape
from mt_tensor.tensor_data import Storage, TensorData, over_all_of

FRESH = fresh.elementwise, fresh.fold, fresh.product
"""Methods whose result is a new tensor."""


class FastBackend(Backend):
    """Compiled kernels over NumPy arrays of one dimension, on one thread or several."""

    name = "fast"

    def __init__(self) -> None:
        """Compile nothing yet."""
        self.pool = Pool()
        make = self.pool.taker
        self.memories = {f.__name__: Memory(f.__name__, partial(f, self), make) for f in FRESH}
        if ABLE:
            vars(self).update((name, memory.call) for name, memory in self.memories.items())
        self._elementwise: dict[int, tuple[Any, Elementwise]] = {}
        self._reductions: dict[int, tuple[Any, Reduction]] = {}

    def empty(self, size: int, dtype: DType) -> Storage:
        """Take an array from the pool."""
        return self.pool.take(size, dtype)

    def allocate(self, shape: Shape, dtype: DType) -> TensorData:
        """Take an array from the pool."""
        return over_all_of(self.pool.take(prod(shape), dtype), shape)

    sgd_step = optimization.sgd_step
    sgd_steps = optimization.sgd_steps
    adam_step = optimization.adam_step
    adam_steps = optimization.adam_steps

    def from_numpy(self, array: np.ndarray[Any, Any]) -> Storage:
        """Take the array itself, or an aligned copy in the machine's byte order."""
        if array.dtype.isnative and array.flags.aligned:
            return array
        return np.array(array, array.dtype.newbyteorder("="))

    def to_numpy(self, storage: Storage) -> np.ndarray[Any, Any]:
        """Return the array itself."""
        return storage  # type: ignore[return-value]  # the storage of this backend is an array

    def map(self, fn: ElementFn, out: TensorData, a: TensorData) -> None:
        """Run the kernel of the function for these dtypes and layouts."""
        self.kernels_of(fn).map(fn, out, a)

    def zip(self, fn: ElementFn, out: TensorData, *operands: TensorData) -> None:
        """Run the kernel of the function for these dtypes and layouts."""
        kernels = self.kernels_of(fn)
        if len(operands) == 2:  # noqa: PLR2004  which has a shorter way
            kernels.zip(fn, out, *operands)
        else:
            kernels.run(fn, out, operands)

    def replaced(self, fn: ElementFn, a: TensorData, b: TensorData) -> TensorData:
        """Overwrite an array of the pool that this tensor alone holds: it is in the cache."""
        alike = b.shape == a.shape and b.storage.dtype is a.storage.dtype
        if not (alike and self.pool.held_by_one(a) and a.whole):
            return self.elementwise(fn, a, b)
        self.kernels_of(fn).zip(fn, a, a, b)
        return a

    def kernels_of(self, fn: ElementFn) -> Elementwise:
        """Return the compiled kernels of a function.

        Raises:
            BackendError: it is no function of Python.
        """
        known = self._elementwise.get(id(fn))
        prepared = self.memories["elementwise"]
        return known[1] if known else _admit(self._elementwise, fn, Elementwise, prepared)

    def reduce(self, op: Op, out: TensorData, a: TensorData) -> None:
        """Run the kernel of the operator for these dtypes and layouts."""
        self.reduction_of(op).run(op, out, a)

    def reduction_of(self, op: Op) -> Reduction:
        """Return the compiled kernels of an operator that folds."""
        known = self._reductions.get(id(op))
        return known[1] if known else _admit(self._reductions, op, Reduction, self.memories["fold"])

    def matmul(self, out: TensorData, a: TensorData, b: TensorData) -> None:
        """Multiply in tiles that stay in registers and caches."""
        multiply(out, a, b)

    def full(self, shape: Shape, value: float, dtype: DType) -> TensorData:
        """Fill an array from the pool."""
        made = self.allocate(shape, dtype)
        made.storage.fill(value)
        return made

    def gather(self, out: TensorData, a: TensorData, positions: Positions) -> None:
        """Read the elements into their places; no storage is copied."""
        end = out.offset + positions.size
        np.take(a.storage, positions.reshape(-1), out=out.storage[out.offset : end], mode="clip")

    def scatter(self, out: TensorData, positions: Positions, a: TensorData) -> None:
        """Write the elements to their places."""
        out.storage[positions.reshape(-1)] = self.to_array(a).reshape(-1)

    def scatter_add(self, out: TensorData, positions: Positions, a: TensorData) -> None:
        """Add the elements at their places, one after the other."""
        np.add.at(out.storage, positions.reshape(-1), self.to_array(a).reshape(-1))

    def take_rows(self, out: TensorData, a: TensorData, index: TensorData) -> None:
        """Read rows where they are."""
        rows.take_rows(out, a, index)

    def add_rows(self, out: TensorData, index: TensorData, a: TensorData) -> None:
        """Add rows in their order, a column on one thread."""
        rows.add_rows(out, index, a)

    def pick(self, out: TensorData, a: TensorData, index: TensorData) -> None:
        """Read one element of each row."""
        rows.pick(out, a, index)

    def pick_by_input(self, out: TensorData, grad: TensorData, index: TensorData) -> None:
        """Write one element of each row, and zeros, in one pass."""
        rows.pick_by_input(out, grad, index)

    def conv2d(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        x: TensorData,
        weight: TensorData,
        bias: TensorData | None,
        stride: Pair,
        padding: Pair,
    ) -> None:
        """Correlate images with kernels, by tiles of a product that reads the images in place."""
        convolution.conv2d(out, x, weight, bias, stride, padding)

    def conv2d_by_input(
        self, out: TensorData, grad: TensorData, weight: TensorData, stride: Pair, padding: Pair
    ) -> None:
        """Correlate the gradient with the kernels turned around."""
        convolution.conv2d_by_input(out, grad, weight, stride, padding)

    def conv2d_by_weight(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        bias: TensorData | None,
        grad: TensorData,
        x: TensorData,
        stride: Pair,
        padding: Pair,
    ) -> None:
        """Sum products along the pixels, image by image."""
        convolution.conv2d_by_weight(out, bias, grad, x, stride, padding)

    def conv1d(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        x: TensorData,
        weight: TensorData,
        bias: TensorData | None,
        stride: int,
        padding: int,
    ) -> None:
        """Correlate sequences with kernels, by tiles of a product."""
        convolution1d.conv1d(out, x, weight, bias, stride, padding)

    def conv1d_by_input(
        self, out: TensorData, grad: TensorData, weight: TensorData, stride: int, padding: int
    ) -> None:
        """Add up products where the windows overlap; a gradient that is nearly 0 costs little."""
        convolution1d.conv1d_by_input(out, grad, weight, stride, padding)

    def conv1d_by_weight(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        bias: TensorData | None,
        grad: TensorData,
        x: TensorData,
        stride: int,
        padding: int,
    ) -> None:
        """Multiply by the windows in place; a gradient that is nearly 0 costs little."""
        convolution1d.conv1d_by_weight(out, bias, grad, x, stride, padding)

    def avg_pool2d(self, out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
        """Average over windows, in one pass."""
        pooling.avg_pool2d(out, x, kernel, stride)

    def avg_pool2d_by_input(
        self, out: TensorData, grad: TensorData, kernel: Pair, stride: Pair
    ) -> None:
        """Share each gradient out among its window."""
        pooling.avg_pool2d_by_input(out, grad, kernel, stride)

    def max_pool2d(self, out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
        """Take the maximum over windows, in one pass."""
        pooling.max_pool2d(out, x, kernel, stride)

    def max_pool2d_by_input(
        self, out: TensorData, grad: TensorData, x: TensorData, kernel: Pair, stride: Pair
    ) -> None:
        """Give each gradient to the first maximum of its window."""
        pooling.max_pool2d_by_input(out, grad, x, kernel, stride)

    def extremum_by_input(
        self, out: TensorData, grad: TensorData, a: TensorData, best: TensorData
    ) -> None:
        """Count what ties and share the gradient out, row by row where rows are dense."""
        if not extremum.extremum_by_input(out, grad, a, best):
            super().extremum_by_input(out, grad, a, best)

    def log_softmax(self, out: TensorData, x: TensorData, axis: int) -> None:
        """Normalise along an axis, in one pass."""
        normalization.log_softmax(out, x, axis)

    def log_softmax_by_input(
        self, out: TensorData, grad: TensorData, y: TensorData, axis: int
    ) -> None:
        """Pull a gradient back through `log_softmax`, in one pass."""
        normalization.log_softmax_by_input(out, grad, y, axis)

    def dropout(self, out: TensorData, a: TensorData, p: float, key: int) -> None:
        """Drop what the key decides, in one pass."""
        dropout.dropout(out, a, p, key)

    def lowered(self, calls: Sequence[Call], own: Collection[int] = ()) -> Run:
        """Return a function that makes the calls from C, from its second run on."""
        return replaying.lowered(self, calls, own)

    def compared(self, rows: np.ndarray[Any, Any]) -> Comparison | None:
        """Return compiled functions that compare words of memory."""
        return replaying.compared(rows)


def _admit(
    table: dict[int, tuple[Any, Any]],
    fn: Any,
    kind: Callable[[], Any],
    prepared: Memory,
) -> Any:
    """Make the kernels of a function, to be forgotten with it."""
    if not isinstance(fn, Op | FunctionType | BuiltinFunctionType):
        message = f"cannot compile {fn!r}: it is a {type(fn).__name__}, not a Python function"
        raise BackendError(message)
    key = id(fn)
    kernels = kind()

    def forget(_: Any) -> None:
        table.pop(key, None)
        prepared.clear()

    table[key] = ref(fn, forget), kernels
    return kernels
