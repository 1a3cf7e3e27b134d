"""How many threads kernels use: `set_num_threads`, `MT_NUM_THREADS`, else one for each core.

The number never changes a result: what a thread computes depends on the layout alone. With one
thread no thread pool is started. A forked child keeps to one thread, because the pool of OpenMP
does not survive a fork.
"""

import os

from mt_tensor.errors import BackendError

EXAMINING = ("NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT")
"""Modes in which kernels run on one thread: see `mt_fast.examining`."""


def get_num_threads() -> int:
    """Return how many threads a kernel may use."""
    return _count[0]


def set_num_threads(count: int) -> None:
    """Let kernels use up to `count` threads.

    Raises:
        BackendError: it is less than 1, or more than there are.
    """
    _count[0] = _checked("set_num_threads", count)


def _limit() -> int:
    """Return how many threads Numba will start: one for each core that the process may use."""
    if any(os.environ.get(mode, "0") not in {"", "0"} for mode in EXAMINING):
        return 1
    told = os.environ.get("NUMBA_NUM_THREADS", "")
    if told:
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _checked(source: str, count: int) -> int:
    limit = _limit()
    if not 1 <= count <= limit:
        message = f"{source}: {count} threads; there can be 1 to {limit}"
        raise BackendError(message)
    return count


def _initial() -> int:
    text = os.environ.get("MT_NUM_THREADS", "")
    if not text:
        return _limit()
    if not text.isdecimal():
        message = f"MT_NUM_THREADS: {text!r} is not a number of threads"
        raise BackendError(message)
    return _checked("MT_NUM_THREADS", int(text))


def _keep_to_one() -> None:
    _count[0] = 1


_count = [_initial()]

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keep_to_one)
