"""What differs between a GPU and the simulator, and nothing else in the package does.

Kernels are written once. On a GPU, Numba compiles them; in the simulator (`NUMBA_ENABLE_CUDASIM=1`)
the same functions run as Python, each CUDA thread as one operating-system thread, so that blocks
and warps are made small there. Everything else asks this module.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numba import cuda
from numba.core import config

from mt_cuda.status import SIMULATOR_VARIABLE, simulator_wanted
from mt_tensor.errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mt_cuda.borrowing import Foreign
    from mt_cuda.journal import Launch
    from mt_cuda.storage import Storage

SIMULATED = bool(config.ENABLE_CUDASIM)

WARP = 4 if SIMULATED else 32
"""Threads that run in step and can exchange registers."""

BLOCK = 8 if SIMULATED else 256
"""Threads of a block, where nothing else decides: two warps at least."""

REPEATS = 8 if SIMULATED else 1
"""How often a thread does what one does on a GPU: in the simulator a thread costs 0.1 ms."""

Grid = tuple[int, int, int]
Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel before it is compiled.

    Attributes:
        name: what it is called in messages and tables, with what it was made for.
        function: the kernel, as Python.
        signature: its argument types; pointers first, possibly in tuples, then numbers.
        threads: the threads of a block, one, two or three numbers.
        blocks: how many blocks of it should fit on a multiprocessor, which limits its registers.
        identity: names the operator in it, if there is one; None if that has no name, so that the
            compiled kernel is not kept on disk.
    """

    name: str
    function: Callable[..., None]
    signature: tuple[Any, ...]
    threads: Grid
    blocks: int = 1
    identity: str | None = ""


class Memory(Protocol):
    """Some bytes on a device, which are its own for as long as anything refers to it.

    Attributes:
        block: what the device knows them by.
        nbytes: how many may be used.
    """

    block: Any
    nbytes: int


class Launcher(Protocol):
    """A compiled kernel."""

    def prepare(self, *numbers: Any) -> Any:
        """Convert the arguments after the pointers, nested as in the signature, for `launch`."""

    def launch(self, grid: Grid, pointers: tuple[Any, ...], prepared: Any) -> None:
        """Start it on a grid of blocks. The pointers are in order, and not nested."""


class Graph(Protocol):
    """Launches that are started together, one after another."""

    def run(self) -> None:
        """Start them."""

    def replace(self, i: int, launch: "Launch") -> None:
        """Put another launch in the place of one."""


class Device(Protocol):
    """A device with its memory and its one stream: all work is done in the order it is asked."""

    def allocate(self, nbytes: int) -> Memory:
        """Reserve memory with any content."""

    def upload(self, memory: Memory, array: Array) -> None:
        """Copy a contiguous array into memory."""

    def download(self, memory: Memory, array: Array) -> None:
        """Copy memory into a contiguous array, when the work before has been done."""

    def pointer(self, storage: "Storage", offset: int) -> Any:
        """Return what a kernel takes for an array that begins at an element of a storage."""

    def compile(self, kernel: Kernel) -> Launcher:
        """Compile a kernel, or find it compiled."""

    def graph(self, launches: "Sequence[Launch]") -> Graph:
        """Prepare launches to be started again and again; the memory that they use is kept."""

    @property
    def place(self) -> tuple[int, int]:
        """What DLPack calls it: its kind and its number."""

    @property
    def stream_handle(self) -> int:
        """What other libraries know its stream by."""

    def address(self, storage: "Storage") -> int:
        """Return where in its memory the first element of a storage is."""

    def order(self, stream: int) -> None:
        """Let a stream of another library begin after all the work so far."""

    def foreign(self, source: Any) -> "Foreign":
        """Describe an array of another library that is in its memory.

        Raises:
            BackendError: it is in other memory.
        """


def open_device() -> Device:
    """Make the device: the first GPU, or the simulator.

    Raises:
        BackendError: the simulator was asked for after Numba had been imported.
    """
    if simulator_wanted() != SIMULATED:
        message = (
            f"{SIMULATOR_VARIABLE} was changed after Numba had been imported; set it in the "
            "environment before Python starts"
        )
        raise BackendError(message)
    module = import_module("mt_cuda.simulator" if SIMULATED else "mt_cuda.gpu")
    device: Device = module.open_device()
    return device


def inline(function: Callable[..., Any]) -> Any:
    """Make a function that kernels can call; it becomes part of each."""
    return function if SIMULATED else cuda.jit(device=True, forceinline=True)(function)


def lifted(function: Callable[..., Any]) -> Any:
    """Make a function of a module of its own callable in a kernel: it sees the kernel's `cuda`."""
    return cuda.jit(device=True)(function) if SIMULATED else inline(function)


def ceil_div(n: int, d: int) -> int:
    """Return how many groups of `d` hold `n` things."""
    return -(-n // d)
