"""`reduce`: which kernel, and with which numbers."""

from typing import Any

from mt_cuda.device import BLOCK, Device, Launcher, ceil_div
from mt_cuda.kernels.fold import sequential
from mt_cuda.operators import compute_dtype, prepare, unit_of
from mt_cuda.plan import divisible, merged
from mt_operators import Op
from mt_tensor.tensor_data import TensorData


class Reduction:
    """The compiled kernels of one operator."""

    __slots__ = ("_compiled", "_device")

    def __init__(self, device: Device) -> None:
        """Compile nothing yet."""
        self._device = device
        self._compiled: dict[tuple[Any, ...], Launcher] = {}

    def run(self, op: Op, out: TensorData, a: TensorData) -> None:
        """Fold `a` along the dimensions where `out` has size 1."""
        if not out.size:
            return
        folds = tuple(d for d in range(out.ndim) if out.shape[d] == 1)
        stays = tuple(d for d in range(out.ndim) if out.shape[d] != 1)
        kept, (to, along) = merged(
            tuple(out.shape[d] for d in stays),
            tuple(out.strides[d] for d in stays),
            tuple(a.strides[d] for d in stays),
        )
        folded, (across,) = merged(
            tuple(a.shape[d] for d in folds), tuple(a.strides[d] for d in folds)
        )
        key = (out.dtype, a.dtype, len(kept), len(folded))
        launcher = self._compiled.get(key) or self._compile(op, key)
        outputs = divisible(kept)
        prepared = launcher.prepare(to, along, *outputs, across, *divisible(folded))
        pointers = tuple(
            self._device.pointer(t.storage.memory, t.dtype, t.offset) for t in (out, a)
        )
        launcher.launch((ceil_div(outputs.total, BLOCK), 1, 1), pointers, prepared)

    def _compile(self, op: Op, key: tuple[Any, ...]) -> Launcher:
        out, a, kept, folded = key
        compute = compute_dtype(out, a)
        kernel = sequential(
            prepare(op, compute), unit_of(op, compute), op.name, (out, a, compute), (kept, folded)
        )
        self._compiled[key] = launcher = self._device.compile(kernel)
        return launcher
