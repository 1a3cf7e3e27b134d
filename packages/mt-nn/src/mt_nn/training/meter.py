"""Means over samples that come in batches."""

from collections.abc import Callable
from typing import Any

from mt_nn.training.history import Score
from mt_tensor import Tensor

Metric = Callable[[Tensor, Tensor], float]


class Meter:
    """Adds up the losses and the hits of batches of any size."""

    __slots__ = ("_hits", "_loss", "samples")

    def __init__(self) -> None:
        """Start at nothing."""
        self.samples = 0
        self._loss = 0.0
        self._hits: float | None = 0.0

    def add(self, loss: float, accuracy: float | None, samples: int) -> None:
        """Add a batch: its mean loss, its accuracy if one is measured, its size."""
        self.samples += samples
        self._loss += loss * samples
        measured = accuracy is not None and self._hits is not None
        self._hits = self._hits + accuracy * samples if measured else None  # type: ignore[operator]

    def state_dict(self) -> dict[str, float | None]:
        """Return the sums."""
        return {"samples": self.samples, "loss": self._loss, "hits": self._hits}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where `state_dict()` was taken."""
        self.samples, self._loss = state_dict["samples"], state_dict["loss"]
        self._hits = state_dict["hits"]

    @property
    def score(self) -> Score:
        """The means so far; nan over no samples."""
        count = self.samples or float("nan")
        accuracy = None if self._hits is None else self._hits / count
        return Score(self._loss / count, accuracy, self.samples)


def accuracy(output: Tensor, target: Tensor) -> float:
    """Return the share of rows of (N, C) whose largest entry is the class in `target`, (N,)."""
    guesses = output.detach().numpy().argmax(-1)
    return float((guesses == target.numpy()).mean())
