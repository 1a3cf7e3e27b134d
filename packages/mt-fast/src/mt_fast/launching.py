"""Starting kernels from Python: on this thread, or shared among several."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import prod
from typing import Any, NamedTuple, Protocol

import numba
import numpy as np

from mt_fast import examining
from mt_fast.compiler import Entry, Kernel, Template, compile_entry
from mt_fast.kernels import calling, starting
from mt_fast.kernels.intrinsics.instruction import EXAMINED
from mt_fast.kernels.starting import HANDLE
from mt_fast.threads import get_num_threads
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape
from mt_tensor.tensor_data import TensorData, over_all_of

PARALLEL_SIZE = 1 << 20
"""Elements from which threads are used: 0.1 ms of work or more, so that a launch which has to wait
for a busy core does not cost much more than it can gain."""

CHUNK = 1 << 15
"""Elements that a thread takes at a time."""

REMEMBERED = 1024
"""Combinations of layouts that a table of launches keeps before it starts anew."""

NO_LAYOUT = np.zeros(1, np.int64)
"""For kernels that need none."""

APART: Mapping[int, Template] = {
    2: starting.start_map,
    3: starting.start_zip,
    4: starting.start_zip3,
}
"""What starts a kernel on so many storages that are passed one by one."""

Array = np.ndarray[Any, Any]


class Listener(Protocol):
    """What wants to know of launches, of memory for one launch, and of numbers that it reads."""

    def launched(self, launch: "Launch") -> None:
        """Take note of a launch on several threads."""

    def keep(self, array: Array) -> None:
        """Keep an array for as long as the launches may be repeated."""

    def numbers(self, pack: "Pack", args: tuple[Any, ...], kwargs: dict[str, Any]) -> "Numbers":
        """Pack numbers, and keep the arrays."""


class Launch(NamedTuple):
    """A launch of a kernel.

    Attributes:
        address: of the kernel.
        storages: how many words of `data` are addresses of storages; they come first.
        data, layout: what the kernel gets.
        units: how many there are.
        chunk: how many of them a thread takes at a time; 0 for all, on one thread.
    """

    address: int
    storages: int
    data: Array
    layout: Array
    units: int
    chunk: int


class Ready(NamedTuple):
    """What was prepared for one combination of layouts.

    Attributes:
        start: starts the kernel on this thread, if the dtypes are those of `words`.
        words: the kernel and its layout, as `described` returns them.
        large: whether several threads would share it.
        dtypes: of the storages; `words` know them by their addresses, so they are kept.
    """

    start: Callable[..., Any]
    words: Array
    large: bool
    dtypes: Sequence[DType]


Started = tuple[Callable[..., Any], Array]
"""What starts a kernel on this thread, and the words that it reads."""


class Work(NamedTuple):
    """A kernel and what it is to do.

    Attributes:
        kernel: which.
        layout: as it reads it.
        units: how many units of work there are.
        chunk: how many of them a thread takes at a time; 0 where they are not worth sharing.
    """

    kernel: Kernel
    layout: Array
    units: int
    chunk: int


Numbers = tuple[Array, ...]
Pack = Callable[..., Numbers]

listeners: list[Listener] = []
"""At most one: the replay that is being prepared."""

if "OMP_WAIT_POLICY" not in os.environ:
    # GNU's OpenMP spins for milliseconds at the end of a launch. Where other processes want the
    # cores, that keeps the last thread from finishing: adding 2^20 numbers took 12 ms instead of
    # 0.2 ms (2 cores, load 6). But a thread that has gone to sleep takes 50 us to come back, and
    # 3000 turns bridge the Python between two steps of a replay: LeNet and 16 images take 0.16 ms,
    # with 1000 turns 0.26. Read when the library is loaded, at the first launch.
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")

if not {"NUMBA_THREADING_LAYER", "NUMBA_THREADING_LAYER_PRIORITY"} & set(os.environ):
    # A launch costs 1.3 us with OpenMP, 37 us and more with Numba's own work queue.
    numba.config.THREADING_LAYER_PRIORITY = ["omp", "tbb", "workqueue"]


@cache
def starter(storages: int) -> Callable[..., Any]:
    """Return one of `mt_fast.kernels.starting`, for so many storages.

    It is called as `start(words, *storages, *offsets)` for the numbers of `APART`; for all others
    with the storages as a tuple, and the offsets too.
    """
    if EXAMINED:
        return examining.start_apart if storages in APART else examining.start_any
    handles, offsets = [HANDLE] * storages, [numba.i8] * storages
    if storages in APART:
        return compile_entry(APART[storages], numba.boolean(HANDLE, *handles, *offsets))
    return tuple_starter(storages)


@cache
def tuple_starter(storages: int) -> Callable[..., Any]:
    """Return what is called as `start(words, storages, offsets)`, with tuples of any length."""
    if EXAMINED:
        return examining.start_any
    kinds = numba.types.Tuple([HANDLE] * storages), numba.types.Tuple([numba.i8] * storages)
    return compile_entry(starting.start_any, numba.boolean(HANDLE, *kinds))


def described(kernel: Kernel, units: int, layout: Array, dtypes: Iterable[DType]) -> Array:
    """Return the words that a starter reads: all units of a kernel, storages of these dtypes.

    The words know the dtypes by their addresses, so whoever keeps them keeps the dtypes.
    """
    head = kernel.address, units, layout.size
    return np.array([*head, *map(id, dtypes), *layout], np.int64)


def run_parallel(  # noqa: PLR0913, PLR0917  what a kernel is called with
    address: int,
    storages: tuple[Any, ...],
    start: tuple[int, ...],
    layout: Any,
    units: int,
    chunk: int,
) -> None:
    """Share the units of a kernel among threads, `chunk` at a time."""
    data = np.array([*(s.ctypes.data for s in storages), *start], np.int64)
    shared = _parallel()
    numba.set_num_threads(get_num_threads())
    for listener in listeners:
        launch = Launch(address, len(storages), data.copy(), layout.copy(), units, chunk)
        listener.launched(launch)
    shared(address, data, layout, units, chunk)


@cache
def _parallel() -> Entry:
    i = numba.int64
    return compile_entry(calling.run_parallel, numba.void(i, i[::1], i[::1], i, i), parallel=True)


class Prepared:
    """The launches of some kernels: each combination of layouts is described once.

    From then on a launch is one look into a dictionary and one call. A key has everything that
    the words depend on but the dtypes, which the start itself compares.
    """

    __slots__ = ("_ready",)

    def __init__(self) -> None:
        """Know no layout yet."""
        self._ready: dict[Any, Ready] = {}

    def start(self, key: Any, storages: tuple[Any, ...], offsets: tuple[int, ...]) -> bool:
        """Start what was prepared for a key; False, with nothing done, where there is nothing."""
        ready = self._ready.get(key)
        if ready is None:
            return False
        start, words, large, _ = ready
        return (not large or get_num_threads() == 1) and start(words, storages, offsets)

    def launch(
        self, key: Any, work: Work, storages: tuple[Any, ...], offsets: tuple[int, ...]
    ) -> None:
        """Launch a kernel, and where this thread does it alone, remember how."""
        kernel, layout, units, chunk = work
        if chunk and get_num_threads() > 1:
            run_parallel(kernel.address, storages, offsets, layout, units, chunk)
            return
        dtypes = [storage.dtype for storage in storages]
        start, words = tuple_starter(len(storages)), described(kernel, units, layout, dtypes)
        start(words, storages, offsets)
        if len(self._ready) >= REMEMBERED:
            self._ready.clear()
        self._ready[key] = Ready(start, words, chunk > 0, dtypes)


def scratch(shape: Shape, dtype: DType) -> TensorData:
    """Return a contiguous tensor for what one call of the backend needs for itself."""
    array = np.empty(prod(shape), dtype)
    for listener in listeners:
        listener.keep(array)
    return over_all_of(array, shape)


def numbers(pack: Pack, *args: Any, **kwargs: Any) -> Numbers:
    """Return arrays with the numbers that a kernel reads, such as the rates of an optimiser.

    Args:
        pack: makes them of the arguments of the backend's method that are no tensors, so that a
            replay can make them again when one of those has changed.
        args: these arguments.
        kwargs: those by keyword.
    """
    for listener in listeners:
        return listener.numbers(pack, args, kwargs)
    return pack(*args, **kwargs)
