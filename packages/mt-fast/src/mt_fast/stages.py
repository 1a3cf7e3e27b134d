"""Stages: which launches of a replay may run at the same time.

Launches that touch no memory in common, or only read it, are independent: they are in one stage,
each a chain of its own (`mt_fast.chains`), unless one goes on with the other block by block. What
does not, and needs what comes before, begins the next stage.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from math import gcd
from typing import NamedTuple

import numpy as np

from mt_fast.chains import Chain, Task, clash
from mt_fast.kernels.playing import DATA
from mt_fast.launching import Array
from mt_fast.pads import Pads, lives

BLOCK_BYTES = 1 << 18
"""Of the memory that a block of a launch touches: a quarter of the second-level cache of a core,
where the launches that follow find it. LeNet, 128 images: 1.72 ms; with twice as much 1.75, with
half as much 1.73."""

MOST_BLOCKS = 16
"""Each launch of a block prepares tables anew."""


class Score(NamedTuple):
    """What `mt_fast.kernels.playing` reads: calls, the parts among them, the stages among those."""

    calls: Array
    parts: Array
    stages: Array


def score(
    tasks: Sequence[Task], heavy: Sequence[bool], threads: int, own: Collection[int] = ()
) -> tuple[Score, Pads]:
    """Arrange tasks.

    Args:
        tasks: in the order in which they were launched.
        heavy: for each, whether it takes so long that threads are to share it.
        threads: how many there are to arrange for.
        own: the addresses of memory where nobody else looks, and that is set before it is read.

    Returns:
        The tables, and memory that must live as long.
    """
    stages: list[list[Chain]] = [[]]
    for task, is_heavy in zip(tasks, heavy, strict=True):
        last, clashing = _last_clash(stages, task)
        if len(clashing) == 1 and clashing[0].accepts(task, is_heavy, threads):
            clashing[0].append(task)
            continue
        if last == len(stages) - 1:
            stages.append([])
        stages[-1].append(Chain([task], _parts(task, threads) if is_heavy else 1))
    pads = Pads(lives(tasks, own), threads)
    for chain in (chain for stage in stages for chain in stage):
        pads.admit(chain)
    return _written_down(stages, pads), pads


def _last_clash(stages: Sequence[Sequence[Chain]], task: Task) -> tuple[int, list[Chain]]:
    """Return the last stage that a task clashes with, -1 if none, and the chains in it."""
    for last in reversed(range(len(stages))):
        chains = [c for c in stages[last] if any(clash(each, task) for each in c.tasks)]
        if chains:
            return last, chains
    return -1, []


def _parts(task: Task, threads: int) -> int:
    """Return into how many parts to cut the first task of a chain."""
    units = task.launch.units
    size = sum(end - begin for begin, end in task.shares)
    blocks = 1 << (min(size // BLOCK_BYTES, MOST_BLOCKS) or 1).bit_length() - 1
    return max(gcd(max(blocks, threads), units), min(threads, units))


def _written_down(stages: Iterable[Iterable[Chain]], pads: Pads) -> Score:
    calls: list[tuple[int, ...]] = []
    parts, begins = [0], [0]
    for stage in stages:
        for chain in stage:
            pieces = chain.pieces(pads.threads)
            for part in range(pieces):
                calls += _calls(chain, part, pieces, pads)
                parts.append(len(calls))
        begins.append(len(parts) - 1)
    rows = np.array(calls, np.int64).reshape(-1, DATA + pads.threads)
    return Score(rows, np.array(parts), np.array(begins))


def _calls(chain: Chain, part: int, pieces: int, pads: Pads) -> Iterator[tuple[int, ...]]:
    """Yield the calls of a part: kernel, layout, first and last unit, data for each thread."""
    for task in chain.tasks:
        kernel, _, _, layout, units, _ = task.launch
        first, last = (units * (part + k) // pieces for k in (0, 1))
        if first < last:
            yield kernel, layout.ctypes.data, first, last, *pads.data(chain, task, part)
