"""The CUDA backend: storages in the memory of a GPU, kernels compiled by Numba."""

from collections.abc import Callable, Collection, Sequence
from typing import Any
from weakref import ref

import numpy as np

from mt_cuda.borrowing import borrowed
from mt_cuda.device import BLOCK, Device, ceil_div, open_device
from mt_cuda.elementwise import Elementwise
from mt_cuda.interop import Exported
from mt_cuda.kernels.fill import PER_THREAD, fill
from mt_cuda.kernels.indexing import LIMIT
from mt_cuda.launchers import Launchers
from mt_cuda.overrides import Overrides
from mt_cuda.product import Product
from mt_cuda.reduction import Reduction
from mt_cuda.replaying import lowered
from mt_cuda.storage import Storage
from mt_operators import Op
from mt_tensor.backend import ElementFn
from mt_tensor.capture.tape import Call
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape
from mt_tensor.tensor_data import TensorData


class CudaBackend(Overrides):
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

    def lowered(
        self,
        calls: Sequence[Call],
        own: Collection[int] = (),  # noqa: ARG002  all memory of a graph is the device's
    ) -> Callable[[], None]:
        """Return a function that repeats recorded calls, on a GPU by CUDA graphs."""
        return lowered(self, calls)

    def _kernels(self, table: dict[int, tuple[Any, Any]], fn: Any, kind: Callable[..., Any]) -> Any:
        """Return the kernels of a function, which are forgotten with it."""
        key = id(fn)
        known = table.get(key)
        if known is None:
            table[key] = known = (ref(fn, lambda _: table.pop(key, None)), kind(self.device))
        return known[1]
