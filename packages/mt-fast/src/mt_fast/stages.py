"""Which launches of a replay may run at the same time, and which image by image.

Launches that touch no memory in common, or only read it, are independent: they are in one stage,
each a chain of its own. One that needs what the chain before it has written goes on with it where
it needs the same share of that, image by image: so a block of images goes through a convolution, an
activation and a pooling while it is in the cache, and threads share the blocks. Everything else
begins the next stage.

What depends on what is told by memory alone: a launch writes all that it touches but the operands
of its call.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import gcd
from typing import NamedTuple

import numpy as np

from mt_fast.launching import Array, Launch
from mt_tensor.capture.tape import Call

BY_SHARE = {
    "map": 2,
    "zip": None,
    "conv2d": 2,
    "conv2d_by_input": 2,
    "avg_pool2d": 2,
    "avg_pool2d_by_input": 2,
    "max_pool2d": 2,
    "max_pool2d_by_input": 3,
}
"""Methods that cut their first tensors, or all of them, into equal shares, one for each unit of
work; a unit touches only its share of each."""

BLOCK_BYTES = 1 << 18
"""Of the memory that a block of a launch touches: a quarter of the second-level cache of a core,
where the launches that follow find it. LeNet, 128 images: 1.83 ms, with no blocks 1.88."""

MOST_BLOCKS = 16
"""Each launch of a block prepares tables anew."""

Span = tuple[int, int]
"""Memory: its first address, and the one behind its end."""


class Task(NamedTuple):
    """A launch, and the memory that it touches.

    Attributes:
        launch: the launch.
        touched: all of it.
        written: what it may write.
        shares: what each unit touches only its share of.
    """

    launch: Launch
    touched: frozenset[Span]
    written: frozenset[Span]
    shares: frozenset[Span]


@dataclass(slots=True)
class Chain:
    """Tasks that follow one another, part by part.

    Attributes:
        tasks: in order.
        parts: how many equal ones; each is done from the first task to the last.
    """

    tasks: list[Task]
    parts: int

    def accepts(self, task: Task, heavy: bool, threads: int) -> bool:  # noqa: FBT001
        """Whether a task that clashes with this chain may go on with it."""
        if self.parts == 1:
            return not heavy or task.launch.units == 1
        shared = all(_clash(each, task) <= each.shares & task.shares for each in self.tasks)
        return shared and self._common(task) >= threads

    def append(self, task: Task) -> None:
        """Go on with a task."""
        self.parts = self._common(task)
        self.tasks.append(task)

    def calls(self, part: int, threads: int) -> Iterator[tuple[int, ...]]:
        """Yield the calls of a part: kernel, data, layout, first and last unit."""
        for (kernel, _, data, layout, units, _), *_ in self.tasks:
            first, last = (units * (part + k) // self.pieces(threads) for k in (0, 1))
            if first < last:
                yield kernel, data.ctypes.data, layout.ctypes.data, first, last

    def _common(self, task: Task) -> int:
        """Return a number of parts that cuts the units of all tasks, and of one more, evenly."""
        return gcd(self.parts, task.launch.units, *(each.launch.units for each in self.tasks))

    def pieces(self, threads: int) -> int:
        """Return how many parts there are: for each thread one, where nothing follows in them."""
        alone = len(self.tasks) == 1 and self.parts > 1
        return min(threads, self.tasks[0].launch.units) if alone else self.parts


class Score(NamedTuple):
    """What `mt_fast.kernels.playing` reads: calls, the parts among them, the stages among those."""

    calls: Array
    parts: Array
    stages: Array


def task_of(call: Call, launch: Launch, sizes: dict[int, int], *, alone: bool) -> Task:
    """Describe a launch of a call.

    Args:
        call: whose.
        launch: the launch.
        sizes: the bytes at each address that it touches.
        alone: whether the call has no other launch.
    """
    spans = {int(a): (int(a), int(a) + sizes[int(a)]) for a in launch.data[: launch.storages]}
    written = {id(a.storage) for a in call.written}
    read = {a.storage.ctypes.data for a in call.tensors if id(a.storage) not in written}
    shares = _shares(call, launch) if alone else set()
    return Task(
        launch,
        frozenset(spans.values()),
        frozenset(span for at, span in spans.items() if at not in read),
        frozenset(span for at, span in spans.items() if at in shares),
    )


def score(tasks: Sequence[Task], heavy: Sequence[bool], threads: int) -> Score:
    """Arrange tasks.

    Args:
        tasks: in the order in which they were launched.
        heavy: for each, whether it takes so long that threads are to share it.
        threads: how many there are to arrange for.
    """
    stages: list[list[Chain]] = []
    for task, is_heavy in zip(tasks, heavy, strict=True):
        chains = stages[-1] if stages else []
        clashing = [chain for chain in chains if any(_clash(each, task) for each in chain.tasks)]
        if len(clashing) == 1 and clashing[0].accepts(task, is_heavy, threads):
            clashing[0].append(task)
            continue
        if clashing or not stages:
            stages.append([])
        stages[-1].append(Chain([task], _parts(task, threads) if is_heavy else 1))
    return _written_down(stages, threads)


def _parts(task: Task, threads: int) -> int:
    """Return into how many parts to cut the first task of a chain."""
    units = task.launch.units
    size = sum(end - begin for begin, end in task.shares)
    blocks = 1 << (min(size // BLOCK_BYTES, MOST_BLOCKS) or 1).bit_length() - 1
    return max(gcd(max(blocks, threads), units), min(threads, units))


def _written_down(stages: Iterable[Iterable[Chain]], threads: int) -> Score:
    calls: list[tuple[int, ...]] = []
    parts, begins = [0], [0]
    for stage in stages:
        for chain in stage:
            for part in range(chain.pieces(threads)):
                calls += chain.calls(part, threads)
                parts.append(len(calls))
        begins.append(len(parts) - 1)
    tables = np.array(calls, np.int64).reshape(-1, 5), np.array(parts), np.array(begins)
    return Score(*tables)


def _shares(call: Call, launch: Launch) -> set[int]:
    """Return the addresses of the storages of which each unit touches its share."""
    if call.method not in BY_SHARE or launch.units == 0:
        return set()
    tensors = call.tensors[: BY_SHARE[call.method]]
    same: Callable[[int], bool] = lambda size: size % launch.units == 0  # noqa: E731
    if call.method in {"map", "zip"}:
        same = launch.units.__eq__
    fits = all(a.whole and same(a.size) for a in tensors)
    return {a.storage.ctypes.data for a in tensors} if fits else set()


def _clash(first: Task, second: Task) -> frozenset[Span]:
    """Return the memory of the first task that one of the two writes and the other touches."""
    return frozenset(
        span
        for span in first.touched
        for other in second.touched
        if (span in first.written or other in second.written)
        and span[0] < other[1]
        and other[0] < span[1]
    )
