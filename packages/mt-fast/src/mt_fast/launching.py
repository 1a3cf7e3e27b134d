"""Starting kernels from Python: on this thread, or shared among several."""

import os
from functools import cache
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Entry, compile_entry
from mt_fast.kernels import calling
from mt_fast.threads import get_num_threads
from mt_tensor.dtypes import DType

PARALLEL_SIZE = 1 << 20
"""Elements from which threads are used: 0.1 ms of work or more, so that a launch which has to wait
for a busy core does not cost much more than it can gain."""

CHUNK = 1 << 15
"""Elements that a thread takes at a time."""

NO_LAYOUT = np.zeros(1, np.int64)
"""For kernels that need none."""

if "OMP_WAIT_POLICY" not in os.environ:
    # GNU's OpenMP spins for milliseconds at the end of a launch. Where other processes want the
    # cores, that keeps the last thread from finishing: adding 2^20 numbers took 12 ms instead of
    # 0.2 ms (2 cores, load 6). Read when the library is loaded, at the first launch.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

if not {"NUMBA_THREADING_LAYER", "NUMBA_THREADING_LAYER_PRIORITY"} & set(os.environ):
    # A launch costs 1.3 us with OpenMP, 37 us and more with Numba's own work queue.
    numba.config.THREADING_LAYER_PRIORITY = ["omp", "tbb", "workqueue"]


@cache
def entry(starts: int, *dtypes: DType) -> Entry:
    """Return `calling.run` for storages of these dtypes, with this many start positions.

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
    shared = _parallel()
    numba.set_num_threads(get_num_threads())
    shared(address, data, layout, units, chunk)


@cache
def _parallel() -> Entry:
    i = numba.int64
    return compile_entry(calling.run_parallel, numba.void(i, i[::1], i[::1], i, i), parallel=True)
