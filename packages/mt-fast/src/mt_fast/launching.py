"""Starting kernels from Python: on this thread, or shared among several."""

from functools import cache
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Entry, compile_entry
from mt_fast.kernels import calling
from mt_fast.threads import share_threads
from mt_tensor.dtypes import DType

PARALLEL_SIZE = 1 << 20
"""Elements from which threads are used: 0.1 ms of work or more, so that a launch which has to wait
for a busy core does not cost much more than it can gain."""

CHUNK = 1 << 15
"""Elements that a thread takes at a time."""

NO_LAYOUT = np.zeros(1, np.int64)
"""For kernels that need none."""


@cache
def entry(starts: int, *dtypes: DType) -> Entry:
    """Return `calling.run` for storages of these dtypes, of which the first `starts` have a start.

    It is called as `run(address, storages, start, layout, units)`.
    """
    arrays = [numba.types.Array(numba.from_dtype(dtype), 1, "C") for dtype in dtypes]
    i = numba.int64
    start = numba.types.UniTuple(i, starts) if starts else numba.types.Tuple(())
    return compile_entry(calling.run, numba.void(i, numba.types.Tuple(arrays), start, i[::1], i))


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
    share_threads()
    _parallel()(address, data, layout, units, chunk)


@cache
def _parallel() -> Entry:
    i = numba.int64
    return compile_entry(calling.run_parallel, numba.void(i, i[::1], i[::1], i, i), parallel=True)
