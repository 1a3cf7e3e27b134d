"""The CUDA backend: storages in the memory of a GPU, kernels compiled by Numba."""

from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

import numpy as np

from mt_cuda import convolution, dropout, gathering, normalization, optimization, pooling, rows
from mt_cuda.borrowing import borrowed
from mt_cuda.device import BLOCK, Device, ceil_div, open_device
from mt_cuda.elementwise import Elementwise
from mt_cuda.interop import Exported
from mt_cuda.kernels.convolution import Filter
from mt_cuda.kernels.descent import ADAM
from mt_cuda.kernels.fill import PER_THREAD, fill
from mt_cuda.kernels.indexing import LIMIT
from mt_cuda.kernels.pooling import Window
from mt_cuda.launchers import Launchers
from mt_cuda.product import Product
from mt_cuda.reduction import Reduction
from mt_cuda.replaying import lowered
from mt_cuda.storage import Storage
from mt_operators import Op, identity
from mt_tensor.backend import Backend, ElementFn, Pair, Positions
from mt_tensor.capture.tape import Call
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape
from mt_tensor.tensor_data import TensorData


class CudaBackend(Backend):
    """Compiled kernels over device memory; elements come to the host when they are asked for."""

    name = "cuda"

    def __init__(self, device: Device | None = None) -> None:
        """Open the device; compile nothing yet."""
        self.device = device or open_device()
        self._elementwise: dict[int, tuple[Any, Elementwise]] = {}
        self._reductions: dict[int, tuple[Any, Reduction]] = {}
        self._product = Product(self.device)
        self._launchers = Launchers(self.device)
        self._sums = Reduction(self.device)

    def empty(self, size: int, dtype: DType) -> Storage:
        """Reserve device memory."""
        return Storage(self.device.allocate(size * dtype.itemsize), size, dtype)

    def from_numpy(self, array: np.ndarray[Any, Any]) -> Storage:
        """Copy the elements to the device."""
        native = np.require(array, array.dtype.newbyteorder("="), "A")
        storage = self.empty(native.size, native.dtype)
        self.device.upload(storage.memory, native)
        return storage

    def to_numpy(self, storage: Any) -> np.ndarray[Any, Any]:
        """Copy the elements to the host, when the work before has been done."""
        array = np.empty(len(storage), storage.dtype)
        self.device.download(storage.memory, array)
        return array

    def map(self, fn: ElementFn, out: TensorData, a: TensorData) -> None:
        """Run the kernel of the function for these dtypes and layouts."""
        self._kernels(self._elementwise, fn, Elementwise).run(fn, (out, a))

    def zip(self, fn: ElementFn, out: TensorData, *operands: TensorData) -> None:
        """Run the kernel of the function for these dtypes and layouts."""
        self._kernels(self._elementwise, fn, Elementwise).run(fn, (out, *operands))

    def reduce(self, op: Op, out: TensorData, a: TensorData) -> None:
        """Run the kernel of the operator for these dtypes and layouts."""
        self._kernels(self._reductions, op, Reduction).run(op, out, a)

    def matmul(self, out: TensorData, a: TensorData, b: TensorData) -> None:
        """Multiply in tiles that blocks share."""
        self._product.run(out, a, b)

    def exported(self, a: TensorData) -> Exported:
        """Share a tensor's memory with other libraries."""
        return Exported(a, self.device)

    def imported(self, source: Any) -> TensorData:
        """Return a layout over the memory of an array of another library, without a copy."""
        return borrowed(self.device.foreign(source))

    def full(self, shape: Shape, value: float, dtype: DType) -> TensorData:
        """Allocate a contiguous tensor with `value` everywhere, set on the device."""
        out = self.allocate(shape, dtype)
        if float(value) != value or not 0 < out.size < LIMIT:
            return super().full(shape, value, dtype)
        self._fill(out, value)
        return out

    def fill(self, out: TensorData, value: float) -> None:
        """Set every element of `out` to `value`, in one launch if it can."""
        if out.contiguous and float(value) == value and 0 < out.size < LIMIT:
            self._fill(out, value)
        else:
            super().fill(out, value)

    def _fill(self, out: TensorData, value: float) -> None:
        grid = (ceil_div(out.size, BLOCK * PER_THREAD), 1, 1)
        launcher = self._launchers.find(fill, out.dtype)
        self._launchers.run_with(launcher, grid, (out,), float(value), out.size)

    def lowered(self, calls: Sequence[Call]) -> Callable[[], None]:
        """Return a function that repeats recorded calls, on a GPU by CUDA graphs."""
        return lowered(self, calls)

    def gather(self, out: TensorData, a: TensorData, positions: Positions) -> None:
        """Set each element of a contiguous `out` to `a.storage[position]`, on the device."""
        gathering.gather(self._launchers, out, a, positions)

    def scatter(self, out: TensorData, positions: Positions, a: TensorData) -> None:
        """Set each `out.storage[position]` to an element of `a`; the last one stays."""
        gathering.scatter(self._launchers, out, positions, self._contiguous(a))

    def scatter_add(self, out: TensorData, positions: Positions, a: TensorData) -> None:
        """Add each element of `a` to `out.storage[position]`; positions may repeat."""
        gathering.scatter_add(self._launchers, out, positions, self._contiguous(a))

    def take_rows(self, out: TensorData, a: TensorData, index: TensorData) -> None:
        """Read rows of a table, in one launch."""
        if out.size < LIMIT:
            rows.take_rows(self._launchers, out, a, index)
        else:
            super().take_rows(out, a, index)

    def add_rows(self, out: TensorData, index: TensorData, a: TensorData) -> None:
        """Add rows to a table in their order, in one launch where they are few."""
        if index.size <= rows.MOST_ROWS and a.size < LIMIT:
            rows.add_rows(self._launchers, out, index, a)
        else:
            super().add_rows(out, index, a)

    def pick(self, out: TensorData, a: TensorData, index: TensorData) -> None:
        """Read one element of each row, in one launch."""
        rows.pick(self._launchers, out, a, index)

    def pick_by_input(self, out: TensorData, grad: TensorData, index: TensorData) -> None:
        """Pull a gradient back through `pick`, in one launch."""
        if out.size < LIMIT:
            rows.pick_by_input(self._launchers, out, grad, index)
        else:
            super().pick_by_input(out, grad, index)

    def conv2d(
        self, out: TensorData, x: TensorData, weight: TensorData, stride: Pair, padding: Pair
    ) -> None:
        """Correlate images with kernels, directly where these are small."""
        if convolution.is_direct(out, weight):
            shape = Filter(_pair(weight), stride, padding)
            convolution.conv2d(self._launchers, out, x, weight, shape)
        else:
            super().conv2d(out, x, weight, stride, padding)

    def conv2d_by_input(
        self, out: TensorData, grad: TensorData, weight: TensorData, stride: Pair, padding: Pair
    ) -> None:
        """Pull a gradient back through `conv2d` to its images."""
        if convolution.is_direct(out, weight):
            shape = Filter(_pair(weight), stride, padding)
            convolution.conv2d_by_input(self._launchers, out, grad, weight, shape)
        else:
            super().conv2d_by_input(out, grad, weight, stride, padding)

    def conv2d_by_weight(
        self, out: TensorData, grad: TensorData, x: TensorData, stride: Pair, padding: Pair
    ) -> None:
        """Pull a gradient back through `conv2d` to its kernels."""
        if convolution.is_direct(grad, out):
            shape = Filter(_pair(out), stride, padding)
            convolution.conv2d_by_weight(self._launchers, self._sums, out, (grad, x), shape)
        else:
            super().conv2d_by_weight(out, grad, x, stride, padding)

    def avg_pool2d(self, out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
        """Average over windows, in one launch."""
        pooling.avg_pool2d(self._launchers, out, x, kernel, stride)

    def avg_pool2d_by_input(
        self, out: TensorData, grad: TensorData, kernel: Pair, stride: Pair
    ) -> None:
        """Pull a gradient back through `avg_pool2d`, in one launch."""
        pooling.avg_pool2d_by_input(self._launchers, out, grad, kernel, stride)

    def max_pool2d(self, out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
        """Take the maximum over windows, in one launch."""
        pooling.max_pool2d(self._launchers, out, x, kernel, stride)

    def max_pool2d_by_input(
        self, out: TensorData, grad: TensorData, x: TensorData, kernel: Pair, stride: Pair
    ) -> None:
        """Pull a gradient back through `max_pool2d`, in one launch."""
        window = Window(kernel, stride)
        pooling.max_pool2d_by_input(self._launchers, out, grad, x, window)

    def log_softmax(self, out: TensorData, x: TensorData, axis: int) -> None:
        """Normalise exponentials along an axis, in one launch."""
        normalization.log_softmax(self._launchers, out, x, axis)

    def log_softmax_by_input(
        self, out: TensorData, grad: TensorData, y: TensorData, axis: int
    ) -> None:
        """Pull a gradient back through `log_softmax`, of which `y` is the result."""
        normalization.log_softmax_by_input(self._launchers, out, grad, y, axis)

    def dropout(self, out: TensorData, a: TensorData, p: float, key: int) -> None:
        """Drop what the key decides, in one launch where both tensors are contiguous."""
        if out.size >= LIMIT:
            super().dropout(out, a, p, key)
        elif out.contiguous:
            dropout.dropout(self._launchers, out, self._contiguous(a), p, key)
        else:
            dense = self.allocate(out.shape, out.dtype)
            dropout.dropout(self._launchers, dense, self._contiguous(a), p, key)
            self.map(identity, out, dense)

    def sgd_step(
        self, value: TensorData, grad: TensorData, velocity: TensorData | None, **rates: Any
    ) -> None:
        """Update a parameter and its velocity in place, in one launch where they lie alike."""
        moving = () if velocity is None else (velocity,)
        if optimization.fits(value, *moving, grad):
            rule = optimization.sgd_rule(moving=bool(moving), nesterov=rates["nesterov"])
            numbers = optimization.sgd_numbers(rule, **rates)
            optimization.run(self._launchers, rule, (value, *moving, grad), numbers)
        else:
            super().sgd_step(value, grad, velocity, **rates)

    def adam_step(
        self,
        value: TensorData,
        grad: TensorData,
        mean: TensorData,
        square: TensorData,
        **rates: Any,
    ) -> None:
        """Update a parameter and its moments in place, in one launch where they lie alike."""
        tensors = value, mean, square, grad
        if optimization.fits(*tensors):
            optimization.run(self._launchers, ADAM, tensors, optimization.adam_numbers(**rates))
        else:
            super().adam_step(value, grad, mean, square, **rates)

    def _contiguous(self, a: TensorData) -> TensorData:
        if a.contiguous:
            return a
        out = self.allocate(a.shape, a.dtype)
        self.map(identity, out, a)
        return out

    def _kernels(self, table: dict[int, tuple[Any, Any]], fn: Any, kind: Callable[..., Any]) -> Any:
        """Return the kernels of a function, which are forgotten with it."""
        key = id(fn)
        known = table.get(key)
        if known is None:
            table[key] = known = (ref(fn, lambda _: table.pop(key, None)), kind(self.device))
        return known[1]


def _pair(weight: TensorData) -> Pair:
    """Return the height and the width of kernels (O, C, KH, KW)."""
    _, _, height, width = weight.shape
    return height, width
