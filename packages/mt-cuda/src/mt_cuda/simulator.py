"""The device of the simulator: NumPy memory, and pointers that check every access.

Numba's simulator runs a kernel as Python. A `Pointer` refuses any position outside its memory,
fresh memory holds nan, and numbers must fit the types of the signature: mistakes that a GPU would
forgive, or punish much later.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numba import cuda, types

from mt_cuda.borrowing import Foreign
from mt_cuda.device import Array, Grid, Kernel, Memory
from mt_cuda.dlpack import CPU
from mt_cuda.journal import Launch, active
from mt_cuda.pointer import Pointer
from mt_cuda.pool import Pool, PooledMemory
from mt_cuda.storage import Storage
from mt_tensor.errors import BackendError
from mt_tensor.layout import extent

CAPACITY = 1 << 30
"""Bytes of memory that the device has."""

SWITCH_SECONDS = 1e-4
"""How long a thread keeps the interpreter. The simulator waits for its threads in a busy loop: a
launch with barriers took 1.6 s at Python's 5 ms and 0.08 s at this."""


class HostSource:
    """Arrays of bytes that stand for device memory."""

    def __init__(self, nbytes: int) -> None:
        """Offer so many bytes."""
        self._capacity = self._left = nbytes

    def reserve(self, nbytes: int) -> Array | None:
        """Return an array, or None if there is no room."""
        if nbytes > self._left:
            return None
        self._left -= nbytes
        return np.empty(nbytes, np.uint8)

    def release(self, block: Array) -> None:
        """Make room."""
        self._left += block.nbytes

    def capacity(self) -> int:
        """Return what was offered at first."""
        return self._capacity


class SimulatedDevice:
    """Runs kernels at once, one thread of the operating system for each of theirs."""

    def __init__(self, nbytes: int = CAPACITY) -> None:
        """Offer so many bytes of memory."""
        self.pool = Pool(HostSource(nbytes))

    def allocate(self, nbytes: int) -> PooledMemory:
        """Take memory that reads as nan in both float types, so that no kernel can rely on it."""
        memory = self.pool.allocate(nbytes)
        memory.block[:] = 0xFF
        if active.journal:
            active.journal.memory.append(memory)
        return memory

    def upload(self, memory: Memory, array: Array) -> None:
        """Copy an array into memory."""
        if active.journal:
            active.journal.uploads += 1
            if active.journal.dry:
                return
        memory.block[: array.nbytes] = array.reshape(-1).view(np.uint8)

    def download(self, memory: Memory, array: Array) -> None:
        """Copy memory into an array."""
        if active.journal:
            active.journal.downloads += 1
        array.reshape(-1).view(np.uint8)[:] = memory.block[: array.nbytes]

    def pointer(self, storage: Storage, offset: int) -> Pointer:
        """Point at an element; the kernel may reach the elements of the storage, and no others."""
        used = storage.memory.block[: storage.size * storage.dtype.itemsize]
        return Pointer(used.view(storage.dtype), offset)

    def compile(self, kernel: Kernel) -> "SimulatedLauncher":
        """Hand the function to the simulator."""
        return SimulatedLauncher(kernel)

    def graph(self, launches: Sequence[Launch]) -> "SimulatedGraph":
        """Keep the launches."""
        return SimulatedGraph(launches)

    @property
    def place(self) -> tuple[int, int]:
        """Be the host, to DLPack."""
        return CPU, 0

    @property
    def stream_handle(self) -> int:
        """Have no stream: all work is done when a launch returns."""
        return 0

    def address(self, storage: Storage) -> int:
        """Return the address of the array that stands for the memory."""
        return int(storage.memory.block.__array_interface__["data"][0])

    def order(self, stream: int) -> None:
        """Do nothing, for there is no work left."""

    def foreign(self, source: Any) -> Foreign:
        """Describe an array in the memory of the host."""
        try:
            array = np.from_dlpack(source)
        except (AttributeError, BufferError, RuntimeError, TypeError) as error:
            message = f"cuda: {type(source).__name__} is not in the simulator's memory: {error}"
            raise BackendError(message) from None
        strides = tuple(step // array.itemsize for step in array.strides)
        upright = array[tuple(slice(None, None, -1 if step < 0 else 1) for step in strides)]
        low, high = extent(array.shape, strides, 0)
        flat = np.lib.stride_tricks.as_strided(upright, (high - low + 1,), (array.itemsize,))
        address = upright.__array_interface__["data"][0]
        return Foreign(flat.view(np.uint8), address, array.shape, strides, array.dtype, array)


class SimulatedLauncher:
    """A kernel that runs as Python."""

    __slots__ = ("_modules", "_run", "_signature", "_threads")

    def __init__(self, kernel: Kernel) -> None:
        """Let the simulator put its own `cuda` into the modules of kernels."""
        self._modules = [
            vars(module)
            for name, module in tuple(sys.modules.items())
            if name.startswith("mt_cuda.") and name != __name__ and vars(module).get("cuda") is cuda
        ]
        self._run = cuda.jit(_quiet(cuda.jit(device=True)(kernel.function), self._modules))
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
        if active.journal:
            active.journal.launches.append(Launch(self, grid, pointers, prepared))
            if active.journal.dry:
                return
        taken = iter(pointers)
        kinds = self._signature[: len(self._signature) - len(prepared)]
        arguments = [_nest(kind, taken) for kind in kinds]
        with _eager_switching():
            try:
                self._run[grid, self._threads](*arguments, *prepared)
            finally:
                for names in self._modules:
                    names["cuda"] = cuda


class SimulatedGraph:
    """Launches that are started one by one."""

    __slots__ = ("launches",)

    def __init__(self, launches: Sequence[Launch]) -> None:
        """Keep them."""
        self.launches = list(launches)

    def run(self) -> None:
        """Run each to its end."""
        for launcher, grid, pointers, prepared in self.launches:
            launcher.launch(grid, pointers, prepared)

    def replace(self, i: int, launch: Launch) -> None:
        """Put another launch in the place of one."""
        self.launches[i] = launch


def open_device() -> SimulatedDevice:
    """Make the one device of the simulator."""
    return SimulatedDevice()


def _quiet(function: Callable[..., None], modules: list[dict[str, Any]]) -> Callable[..., None]:
    """Let a thread compute inf and nan without a warning, as a GPU does.

    The simulator has put its own `cuda` into this module until the launch is over. Into that of a
    device function it puts it for one call of one thread, and Numba's own simulator, which is the
    one without numba-cuda, takes it away while other threads are still there. So every thread puts
    it into all `modules` first, where it stays until the launch is over.
    """

    def run(*arguments: Any) -> None:
        for names in modules:
            names["cuda"] = cuda
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
