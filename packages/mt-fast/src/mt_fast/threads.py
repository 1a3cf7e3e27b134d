"""How many threads kernels use: `set_num_threads`, `MT_NUM_THREADS`, else one for each core.

The number never changes a result: what a thread computes depends on the layout alone. With one
thread no thread pool is started. A forked child keeps to one thread, because the pool of OpenMP
does not survive a fork.
"""

import os

import numba
from numba import config

from mt_tensor.errors import BackendError

if "OMP_WAIT_POLICY" not in os.environ:
    # GNU's OpenMP spins for milliseconds at the end of a launch. Where other processes want the
    # cores, that keeps the last thread from finishing: adding 2^20 numbers took 12 ms instead of
    # 0.2 ms (2 cores, load 6). Read when the library is loaded, at the first launch.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

if not {"NUMBA_THREADING_LAYER", "NUMBA_THREADING_LAYER_PRIORITY"} & set(os.environ):
    # A launch costs 1.3 us with OpenMP, 37 us and more with Numba's own work queue.
    config.THREADING_LAYER_PRIORITY = ["omp", "tbb", "workqueue"]


def get_num_threads() -> int:
    """Return how many threads a kernel may use."""
    return _count[0]


def set_num_threads(count: int) -> None:
    """Let kernels use up to `count` threads.

    Raises:
        BackendError: it is less than 1, or more than there are.
    """
    _count[0] = _checked("set_num_threads", count)


def share_threads() -> None:
    """Tell Numba how many threads the next launch from this thread of Python may use."""
    numba.set_num_threads(_count[0])


def _checked(source: str, count: int) -> int:
    limit = config.NUMBA_NUM_THREADS
    if not 1 <= count <= limit:
        message = f"{source}: {count} threads; there can be 1 to {limit}"
        raise BackendError(message)
    return count


def _initial() -> int:
    text = os.environ.get("MT_NUM_THREADS", "")
    if not text:
        return int(config.NUMBA_NUM_THREADS)
    if not text.isdecimal():
        message = f"MT_NUM_THREADS: {text!r} is not a number of threads"
        raise BackendError(message)
    return _checked("MT_NUM_THREADS", int(text))


def _keep_to_one() -> None:
    _count[0] = 1


_count = [_initial()]

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keep_to_one)
