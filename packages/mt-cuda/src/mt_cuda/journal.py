"""Noting what calls of a backend come down to: launches, memory, and what crosses to the host.

A recorded step is replayed without its calls, by the launches that they come down to. While a
journal is open on a thread, the devices write into it; otherwise that costs them one look.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mt_cuda.device import Grid, Launcher, Memory


class Launch(NamedTuple):
    """A kernel, started on a grid of blocks with these arguments."""

    launcher: Launcher
    grid: Grid
    pointers: tuple[Any, ...]
    prepared: Any


@dataclass
class Journal:
    """What has been noted.

    Attributes:
        dry: whether launches are only noted, and nothing is copied to the device.
        launches: in their order.
        memory: what was allocated; the launches use it for as long as it is kept.
        uploads: how many arrays went to the device.
        downloads: how many came from it.
    """

    dry: bool = False
    launches: list[Launch] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    uploads: int = 0
    downloads: int = 0

    @contextmanager
    def opened(self) -> Iterator["Journal"]:
        """Note what this thread does."""
        before, active.journal = active.journal, self
        try:
            yield self
        finally:
            active.journal = before


class _Active(threading.local):
    journal: Journal | None = None


active = _Active()
"""The journal of this thread."""
