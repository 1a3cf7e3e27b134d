"""Making a list of calls that was written down before: on one thread, or on several.

A replay is such a list. It is cut into stages, a stage into parts, a part into calls: the parts of
a stage may be done in any order and at the same time, the next stage begins when they are done.

Threads start once for the whole list. Each takes the next part that nobody has taken, and waits at
the end of a stage: that costs 0.3 us where both cores are free, and starting threads anew 1.3, or
30 where one has gone to sleep meanwhile. A thread that comes late, because another process has its
core, finds its parts done.

`calls` has a row for each call: kernel, layout, first and last unit, and the data, which each
thread may have elsewhere. `parts` and `stages` say where each part begins among the calls, and each
stage among the parts; both end with their end.
"""

# ruff: noqa: PLR0913, PLR0917  compiled: an array for each table

from typing import Any

from numba import prange
from numba.extending import register_jitable

from mt_fast.kernels.calling import call_at
from mt_fast.kernels.intrinsics.marks import add_one, take, wait

DATA = 4
"""Where a row has the data of the first thread."""


def play(calls: Any) -> None:
    """Make all calls in order."""
    for i in range(len(calls)):
        call_at(calls[i, 0], calls[i, DATA], calls[i, 1], calls[i, 2], calls[i, 3])


def play_together(calls: Any, parts: Any, stages: Any, marks: Any, threads: int) -> None:
    """Make all calls, on several threads.

    Args:
        calls: as above.
        parts: as above.
        stages: as above.
        marks: room for a word of each part and of each stage.
        threads: how many may share the work.
    """
    for i in range(len(marks)):
        marks[i] = 0
    for thread in prange(threads):
        _take_part(calls, parts, stages, marks, thread, threads)


@register_jitable
def _take_part(calls: Any, parts: Any, stages: Any, marks: Any, thread: int, threads: int) -> None:
    """Do what is left of each stage; each thread begins at another part."""
    for stage in range(len(stages) - 1):
        first, count = stages[stage], stages[stage + 1] - stages[stage]
        done = len(parts) - 1 + stage
        for k in range(count):
            part = first + (thread * count // threads + k) % count
            if take(marks, part):
                for i in range(parts[part], parts[part + 1]):
                    data = calls[i, DATA + thread]
                    call_at(calls[i, 0], data, calls[i, 1], calls[i, 2], calls[i, 3])
                add_one(marks, done)
        wait(marks, done, count)
