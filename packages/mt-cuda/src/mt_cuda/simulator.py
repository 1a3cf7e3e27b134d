"""The device of the simulator: NumPy memory, and pointers that check every access.

Numba's simulator runs a kernel as Python. It would take plain arrays too, but those wrap negative
positions around, and copy on every launch. A `Pointer` refuses any position outside its memory,
fresh memory holds nan, and numbers must fit the types of the signature: mistakes that a GPU would
forgive, or punish much later.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numba import cuda, types

from mt_cuda.device import Array, Grid, Kernel
from mt_tensor.dtypes import DType

SWITCH_SECONDS = 1e-4
"""How long a thread keeps the interpreter. The simulator waits for its threads in a busy loop: a
launch with barriers took 1.6 s at Python's 5 ms and 0.08 s at this."""


class HostMemory:
    """Bytes that stand for device memory."""

    __slots__ = ("data",)

    def __init__(self, nbytes: int) -> None:
        """Reserve bytes that read as nan in both float types, so that no kernel can rely on 0."""
        self.data = np.full(nbytes, 0xFF, np.uint8)

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        return self.data.nbytes


class Pointer:
    """An array without a length, as a kernel sees it, that still knows its bounds."""

    __slots__ = ("array", "offset")

    def __init__(self, array: Array, offset: int) -> None:
        """Point at an element of a flat array."""
        self.array = array
        self.offset = offset

    def __getitem__(self, i: int) -> Any:
        """Read an element, counted from the pointer."""
        return self.array[self._position(i)]

    def __setitem__(self, i: int, value: Any) -> None:
        """Write an element, counted from the pointer."""
        self.array[self._position(i)] = value

    def _position(self, i: int) -> int:
        position = self.offset + int(i)
        if not 0 <= position < self.array.size:
            message = f"position {position} is outside of memory of {self.array.size} elements"
            raise IndexError(message)
        return position


class SimulatedDevice:
    """Runs kernels at once, one thread of the operating system for each of theirs."""

    def allocate(self, nbytes: int) -> HostMemory:
        """Reserve memory."""
        return HostMemory(nbytes)

    def upload(self, memory: HostMemory, array: Array) -> None:
        """Copy an array into memory."""
        memory.data[: array.nbytes] = array.reshape(-1).view(np.uint8)

    def download(self, memory: HostMemory, array: Array) -> None:
        """Copy memory into an array."""
        array.reshape(-1).view(np.uint8)[:] = memory.data[: array.nbytes]

    def pointer(self, memory: HostMemory, dtype: DType, offset: int) -> Pointer:
        """Point into memory."""
        return Pointer(memory.data.view(dtype), offset)

    def compile(self, kernel: Kernel) -> "SimulatedLauncher":
        """Hand the function to the simulator."""
        return SimulatedLauncher(kernel)


class SimulatedLauncher:
    """A kernel that runs as Python."""

    __slots__ = ("_run", "_signature", "_threads")

    def __init__(self, kernel: Kernel) -> None:
        """Let the simulator put its own `cuda` into the module of the kernel."""
        self._run = cuda.jit(_quiet(cuda.jit(device=True)(kernel.function)))
        self._signature = kernel.signature
        self._threads = kernel.threads

    def prepare(self, *numbers: Any) -> Any:
        """Check the numbers against the types of the signature."""
        expected = self._signature[len(self._signature) - len(numbers) :]
        for kind, value in zip(expected, numbers, strict=True):
            _conform(kind, value)
        return numbers

    def launch(self, grid: Grid, pointers: tuple[Any, ...], prepared: Any) -> None:
        """Run every block, one after another."""
        taken = iter(pointers)
        kinds = self._signature[: len(self._signature) - len(prepared)]
        arguments = [_nest(kind, taken) for kind in kinds]
        with _eager_switching():
            self._run[grid, self._threads](*arguments, *prepared)


def open_device() -> SimulatedDevice:
    """Make the one device of the simulator."""
    return SimulatedDevice()


def _quiet(function: Callable[..., None]) -> Callable[..., None]:
    """Let a thread compute inf and nan without a warning, as a GPU does."""

    def run(*arguments: Any) -> None:
        with np.errstate(all="ignore"):
            function(*arguments)

    return run


def _nest(kind: Any, taken: Iterator[Any]) -> Any:
    if isinstance(kind, types.BaseTuple):
        return tuple(_nest(item, taken) for item in kind)
    return next(taken)


def _conform(kind: Any, value: Any) -> None:
    if isinstance(kind, types.BaseTuple):
        for item, part in zip(kind, value, strict=True):
            _conform(item, part)
    elif isinstance(kind, types.Integer) and not kind.minval <= value <= kind.maxval:
        message = f"{value} does not fit a kernel's {kind}"
        raise OverflowError(message)


@contextmanager
def _eager_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
