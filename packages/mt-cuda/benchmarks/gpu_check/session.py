"""What the sections share: the machine, how large, how long, and what was found."""

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gpu_check.machine import Machine
from gpu_check.peers import Peers

Values = dict[str, float | int | str]


@dataclass(frozen=True)
class Row:
    """Something that was found.

    Attributes:
        name: of what.
        values: figures by name, their unit in the name.
        wrong: what is not as it should be, or `""`.
    """

    name: str
    values: Values = field(default_factory=dict)
    wrong: str = ""

    def __str__(self) -> str:
        """Show it in one line."""
        shown = (f"{key} {_shown(value)}" for key, value in self.values.items())
        wrong = [f"WRONG: {self.wrong}"] if self.wrong else []
        return f"{self.name:<34}" + "  ".join([*shown, *wrong])


@dataclass
class Session:
    """One run of the check.

    Attributes:
        machine: where the kernels run.
        small: whether sizes are those of a few seconds.
        deadline: on the monotonic clock, when nothing more is begun.
    """

    machine: Machine
    small: bool
    deadline: float

    @cached_property
    def peers(self) -> Peers:
        """The libraries to compare with, on the stream of the backend."""
        return Peers(self.machine)

    @property
    def backend(self) -> Any:
        """The backend of the machine."""
        return self.machine.backend

    @property
    def seconds_left(self) -> float:
        """Until the deadline."""
        return self.deadline - time.monotonic()


def _shown(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
