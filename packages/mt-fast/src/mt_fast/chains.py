"""Chains: launches that go through blocks of images one after the other, and what they touch.

A launch that needs what the launch before it has written goes on with it where both need the same
share of that, image by image: so a block of images goes through a convolution, an activation and a
pooling while it is in the cache, and threads share the blocks.

What depends on what is told by memory alone: a launch writes all that it touches but the operands
of its call.
"""

from dataclasses import dataclass
from math import gcd, prod
from typing import NamedTuple

from mt_fast.launching import Launch
from mt_tensor.capture.lifetimes import sets_all_of
from mt_tensor.capture.tape import Call
from mt_tensor.layout import Shape

BY_SHARE = {
    "map": slice(2),
    "zip": slice(None),
    "conv2d": slice(2),
    "conv2d_by_input": slice(2),
    "conv2d_by_weight": slice(-2, None),
    "avg_pool2d": slice(2),
    "avg_pool2d_by_input": slice(2),
    "max_pool2d": slice(2),
    "max_pool2d_by_input": slice(3),
}
"""Methods that cut some of their tensors, or all of them, into equal shares, one for each unit of
work; a unit touches only its share of each."""

AMONG_OTHERS = {"conv2d_by_weight": 4}
"""Methods with several launches, and how many storages the one has of which that holds."""

Span = tuple[int, int]
"""Memory: its first address, and the one behind its end."""


class Task(NamedTuple):
    """A launch, and the memory that it touches.

    Attributes:
        launch: the launch.
        touched: all of it.
        written: what it may write.
        shares: what each unit touches only its share of.
        sets: what it writes all of, and reads nothing of.
    """

    launch: Launch
    touched: frozenset[Span]
    written: frozenset[Span]
    shares: frozenset[Span]
    sets: frozenset[Span]


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
        shared = all(clash(each, task) <= each.shares & task.shares for each in self.tasks)
        return shared and self._common(task) >= max(threads, 2)

    def append(self, task: Task) -> None:
        """Go on with a task."""
        self.parts = self._common(task)
        self.tasks.append(task)

    def _common(self, task: Task) -> int:
        """Return a number of parts that cuts the units of all tasks, and of one more, evenly."""
        return gcd(self.parts, task.launch.units, *(each.launch.units for each in self.tasks))

    def pieces(self, threads: int) -> int:
        """Return how many parts there are: for each thread one, where nothing follows in them."""
        alone = len(self.tasks) == 1 and self.parts > 1
        return min(threads, self.tasks[0].launch.units) if alone else self.parts


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
    shares = _shares(call, launch, alone=alone)
    whole = (a.storage for a in call.tensors[:1] if alone and sets_all_of(call, id(a.storage)))
    return Task(
        launch,
        frozenset(spans.values()),
        frozenset(span for at, span in spans.items() if at not in read),
        frozenset(span for at, span in spans.items() if at in shares),
        frozenset(spans[storage.ctypes.data] for storage in whole),
    )


def _shares(call: Call, launch: Launch, *, alone: bool) -> set[int]:
    """Return the addresses of the storages of which each unit touches its share."""
    meant = alone or AMONG_OTHERS.get(call.method) == launch.storages
    if call.method not in BY_SHARE or launch.units == 0 or not meant:
        return set()
    tensors = call.tensors[BY_SHARE[call.method]]
    if call.method in {"map", "zip"}:
        fits = all(a.whole and a.size == launch.units for a in tensors)
    else:
        fits = all(a.whole and _divided(a.shape, launch.units) for a in tensors)
    return {a.storage.ctypes.data for a in tensors} if fits else set()


def _divided(shape: Shape, units: int) -> bool:
    """Whether units are equal numbers of images, or equal parts of each."""
    return prod(shape) % units == 0 and gcd(shape[0], units) in {shape[0], units}


def clash(first: Task, second: Task) -> frozenset[Span]:
    """Return the memory of the first task that one of the two writes and the other touches."""
    return frozenset(
        span
        for span in first.touched
        for other in second.touched
        if (span in first.written or other in second.written)
        and span[0] < other[1]
        and other[0] < span[1]
    )
