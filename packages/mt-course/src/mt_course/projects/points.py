"""What the projects on labelled points share: the loop, and the protocol of a network."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mt_course.projects.options import PointsOptions
from mt_nn import Epoch, Score
from mt_nn.training.interrupt import Interrupt
from mt_operators import Dataset

Points = Sequence[tuple[float, float]]
Labels = Sequence[int]
EVEN = 0.5
"""Above this probability, a point gets label 1."""


class Learner(Protocol):
    """A network that learns to tell points of label 1 from points of label 0."""

    def learn(self, points: Points, labels: Labels) -> Score:
        """Take one step on a batch, and return how it was before the step."""

    def probabilities(self, points: Points) -> list[float]:
        """Return the probability of label 1 for each point."""

    def weights(self) -> dict[str, NDArray[np.float64]]:
        """Return the parameters by name."""

    def load(self, weights: dict[str, NDArray[np.float64]]) -> None:
        """Take parameters by name."""


class Watcher(Protocol):
    """Is told how a run goes."""

    def start(self, epochs: int) -> None:
        """Hear that a run of so many epochs begins."""

    def epoch(self, epoch: Epoch) -> None:
        """Hear how an epoch went."""

    def stop(self) -> None:
        """Hear that the run is over."""


@dataclass(frozen=True, slots=True)
class PointsRun:
    """What a run leaves.

    Attributes:
        learner: the trained network.
        data: the points that it learned from.
        epochs: how it went.
        seconds: how long it took in all.
        interrupted: whether Ctrl-C ended it.
    """

    learner: Learner
    data: Dataset
    epochs: list[Epoch]
    seconds: float
    interrupted: bool

    def right(self) -> int:
        """Count the points that get their own label."""
        probabilities = self.learner.probabilities(self.data.points)
        pairs = zip(probabilities, self.data.labels, strict=True)
        return sum((p > EVEN) == (label == 1) for p, label in pairs)


def train_points(learner: Learner, options: PointsOptions, watcher: Watcher) -> PointsRun:
    """Train a network on the points of a task.

    Args:
        learner: the network.
        options: what to do. The same options give the same losses on every run.
        watcher: is told how it goes.
    """
    start, data = time.perf_counter(), options.data()
    epochs: list[Epoch] = []
    rng = random.Random(options.seed)  # noqa: S311  an order, not a secret
    watcher.start(options.epochs)
    with Interrupt() as interrupt:
        while len(epochs) < options.epochs and not interrupt.requested:
            epochs.append(_epoch(learner, data, options.batch_size, rng, len(epochs) + 1))
            watcher.epoch(epochs[-1])
    watcher.stop()
    return PointsRun(learner, data, epochs, time.perf_counter() - start, interrupt.requested)


def _epoch(
    learner: Learner, data: Dataset, batch_size: int | None, rng: random.Random, number: int
) -> Epoch:
    start = time.perf_counter()
    scores = [learner.learn(*batch) for batch in _batches(data, batch_size, rng)]
    return Epoch(number, _mean(scores), None, time.perf_counter() - start)


def _batches(
    data: Dataset, size: int | None, rng: random.Random
) -> Iterator[tuple[Points, Labels]]:
    """Yield all points once: together in their order, or in batches in a new one."""
    order = list(range(len(data)))
    if size is None:
        yield data.points, data.labels
        return
    rng.shuffle(order)
    for first in range(0, len(order), size):
        chosen = order[first : first + size]
        yield [data.points[i] for i in chosen], [data.labels[i] for i in chosen]


def _mean(scores: Sequence[Score]) -> Score:
    samples = sum(score.samples for score in scores)
    loss = sum(score.loss * score.samples for score in scores) / samples
    right = sum((score.accuracy or 0.0) * score.samples for score in scores) / samples
    return Score(loss, right, samples)
