"""`map` and `zip`: which kernel, and with which numbers.

The kernels of one float function are made when a combination of dtypes and a number of dimensions
is first met, and kept.
"""

from typing import Any

from mt_cuda.device import BLOCK, Device, Launcher, ceil_div
from mt_cuda.kernels.elementwise import PER_THREAD, strided
from mt_cuda.operators import compute_dtype, prepare
from mt_cuda.plan import divisible, merged, pieces
from mt_operators import Op
from mt_tensor.backend import ElementFn
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData


class Elementwise:
    """The compiled kernels of one float function."""

    __slots__ = ("_compiled", "_device")

    def __init__(self, device: Device) -> None:
        """Compile nothing yet, and keep no function: whoever made it decides how long it lives."""
        self._device = device
        self._compiled: dict[tuple[Any, ...], Launcher] = {}

    def run(self, fn: ElementFn, tensors: tuple[TensorData, ...]) -> None:
        """Fill the first tensor with the function of the others, all of one shape."""
        for piece in pieces(tensors):
            if piece[0].size:
                self._run_strided(fn, piece)

    def _run_strided(self, fn: ElementFn, tensors: tuple[TensorData, ...]) -> None:
        shape, strides = merged(tensors[0].shape, *[t.strides for t in tensors])
        dtypes = tuple([t.storage.dtype for t in tensors])
        key = dtypes, len(shape)
        launcher = self._compiled.get(key) or self._compile(fn, *key)
        sizes = divisible(shape)
        prepared = launcher.prepare(strides[0], strides[1:], *sizes)
        pointers = tuple(
            [self._device.pointer(t.storage.memory, t.storage.dtype, t.offset) for t in tensors]
        )
        launcher.launch((ceil_div(sizes.total, BLOCK * PER_THREAD), 1, 1), pointers, prepared)

    def _compile(self, fn: ElementFn, dtypes: tuple[DType, ...], ndim: int) -> Launcher:
        compute = compute_dtype(*dtypes)
        name = fn.name if isinstance(fn, Op) else fn.__name__
        kernel = strided(prepare(fn, compute), name, dtypes, ndim, compute)
        launcher = self._device.compile(kernel)
        self._compiled[dtypes, ndim] = launcher
        return launcher
