"""Timing calls that take turns, so that a busy machine slows all of them alike."""

import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROUND = 0.02
"""Seconds for which one call is repeated before the next has its turn."""

WARM = 4
"""Calls before the first that counts: a captured step records, compares, and is prepared."""

Call = Callable[[], Any]
Clock = Callable[[], float]


def medians(calls: Sequence[Call], rounds: int, clock: Clock = time.thread_time) -> list[float]:
    """Return the median seconds of each call, over rounds in which they take turns.

    Args:
        calls: without arguments.
        rounds: how many turns each has.
        clock: of this thread's processor time, which leaves out what other processes take; or
            `time.perf_counter`, where several threads work.
    """
    counts = [repeats(call, clock) for call in calls]
    turns = [
        [timed(call, count, clock) for call, count in zip(calls, counts, strict=True)]
        for _ in range(rounds)
    ]
    return [statistics.median(own) for own in zip(*turns, strict=True)]


def repeats(call: Call, clock: Clock) -> int:
    """Return how often a call fits into a round; it is warm after that."""
    for _ in range(WARM):
        call()
    count = 1
    while True:
        if (seconds := count * timed(call, count, clock)) > ROUND / 4:
            return max(1, round(count * ROUND / seconds))
        count *= 4


def timed(call: Call, count: int, clock: Clock) -> float:
    """Return the seconds of one call, over `count` of them."""
    start = clock()
    for _ in range(count):
        call()
    return (clock() - start) / count


def machine() -> str:
    """Name the processor, and how many cores it has."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {len(names)} cores"
