"""`matmul`: which kernel, and with which numbers."""

from mt_cuda.device import Device, Launcher, ceil_div
from mt_cuda.kernels import matmul_naive
from mt_cuda.plan import divisible, merged
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData


class Product:
    """The compiled kernels of the matrix product."""

    __slots__ = ("_compiled", "_device")

    def __init__(self, device: Device) -> None:
        """Compile nothing yet."""
        self._device = device
        self._compiled: dict[tuple[DType, int], Launcher] = {}

    def run(self, out: TensorData, a: TensorData, b: TensorData) -> None:
        """Multiply every pair of matrices."""
        if not out.size:
            return
        tensors = (out, a, b)
        batch, steps = merged(out.shape[:-2], *[t.strides[:-2] for t in tensors])
        launcher = self._launcher(out.dtype, len(batch))
        rows, inner = a.shape[-2:]
        columns = b.shape[-1]
        matrices = divisible(batch)
        strides = tuple(t.strides[-2:] for t in tensors)
        prepared = launcher.prepare((rows, columns, inner), strides, steps, *matrices[:3])
        pointers = tuple(self._device.pointer(t.storage.memory, t.dtype, t.offset) for t in tensors)
        side = matmul_naive.SIDE
        grid = (ceil_div(columns, side), ceil_div(rows, side), matrices.total)
        launcher.launch(grid, pointers, prepared)

    def _launcher(self, dtype: DType, ndim: int) -> Launcher:
        known = self._compiled.get((dtype, ndim))
        if known is None:
            kernel = matmul_naive.naive(dtype, ndim)
            self._compiled[dtype, ndim] = known = self._device.compile(kernel)
        return known
