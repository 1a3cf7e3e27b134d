"""Sentences about films, what people think of the films, and what a network reads out of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EVEN = 0.5
"""Above this probability, a sentence is taken to be for the film."""


@dataclass(frozen=True, slots=True)
class Judged:
    """N judged sentences.

    Attributes:
        texts: the sentences.
        labels: 1 for the film, 0 against it, shape (N,).
        probabilities: that a sentence is for the film, shape (N,).
    """

    texts: Sequence[str]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.floating]

    def __len__(self) -> int:
        """Count the sentences."""
        return len(self.texts)

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Which sentences it takes for the opposite, shape (N,)."""
        differs: NDArray[np.bool_] = (self.probabilities > EVEN) != (self.labels == 1)
        return differs

    def take(self, chosen: NDArray[np.intp]) -> "Judged":
        """Select sentences by their ordinals."""
        texts = [self.texts[i] for i in chosen]
        return Judged(texts, self.labels[chosen], self.probabilities[chosen])

    def mistakes(self) -> "Judged":
        """Select the sentences that it takes for the opposite, the surest mistake first."""
        wrong = np.flatnonzero(self.wrong)
        sureness = np.abs(self.probabilities[wrong] - EVEN)
        return self.take(wrong[np.argsort(-sureness, kind="stable")])
