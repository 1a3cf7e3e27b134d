"""Keeping a run in a file while it goes on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mt_nn.arguments import positive
from mt_nn.checkpoint import save_tree


class Checkpoints:
    """Where a run is kept, and how often.

    The file holds the last state. It is written beside the previous one and renamed, so that a kill
    at any moment leaves one of the two whole.

    Args:
        path: the file.
        every: write after so many steps; None only after each epoch.
        config: what else to keep, such as the options of the run; plain JSON.

    Attributes:
        step: the step of the last state, or None before the first.

    Raises:
        ValueError: `every` is not a positive integer.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        every: int | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the choices."""
        if every is not None:
            positive("Checkpoints", every=every)
        self.path = Path(path)
        self.every = every
        self.config = dict(config or {})
        self.step: int | None = None

    def due(self, step: int) -> bool:
        """Return whether a state is to be written after a step."""
        return self.every is not None and step % self.every == 0

    def write(self, state: Mapping[str, Any]) -> None:
        """Write a state.

        Raises:
            OSError: the folder cannot be written to.
        """
        save_tree(self.path, {"config": self.config, **state})
        self.step = state["step"]

    def __str__(self) -> str:
        """Tell what could be gone back to."""
        if self.step is None:
            return "there is no checkpoint yet"
        return f"the last good checkpoint is {self.path}, of step {self.step}"
