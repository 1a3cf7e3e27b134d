"""What the projects can be told. The command line shows these defaults."""

from dataclasses import dataclass

from mt_operators import DATASETS, Dataset


@dataclass(frozen=True, slots=True)
class PointsOptions:
    """What a run on labelled points can be told.

    Attributes:
        dataset: the name of a task.
        points: how many points of it.
        hidden: the width of both hidden layers.
        lr: the learning rate.
        epochs: passes over the points.
        batch_size: points in a step; None for all of them.
        seed: of the points, the first weights and the order of the points.
        backend: the name of the backend that computes.
        dtype: of the numbers.
    """

    dataset: str = "Xor"
    points: int = 50
    hidden: int = 10
    lr: float = 0.5
    epochs: int = 500
    batch_size: int | None = None
    seed: int = 0
    backend: str = "simple"
    dtype: str = "float64"

    def data(self) -> Dataset:
        """Draw the points."""
        return DATASETS[self.dataset](self.points, seed=self.seed)


SCALAR = PointsOptions(epochs=1000)
TENSOR = PointsOptions(epochs=200)
FAST = PointsOptions(hidden=50, lr=0.01, batch_size=10, backend="fast")
TORCH = PointsOptions(hidden=50, lr=0.01, batch_size=10, backend="torch")


@dataclass(frozen=True, slots=True)
class MnistOptions:
    """What a run on handwritten digits can be told.

    Attributes:
        epochs: passes over the training digits.
        lr: the learning rate at the first step.
        momentum: how much of the velocity stays from step to step.
        batch_size: digits in a step.
        seed: of the first weights, the order of the digits and dropout.
        backend: the name of the backend that computes.
        max_steps: end after so many steps, None for no such end.
        digits: `shipped` for those that come with the course, `all` for MNIST whole.
        dtype: of the numbers.
    """

    epochs: int = 10
    lr: float = 0.1
    momentum: float = 0.9
    batch_size: int = 50
    seed: int = 0
    backend: str = "fast"
    max_steps: int | None = None
    digits: str = "shipped"
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class SentimentOptions:
    """What a run on sentences can be told.

    Attributes:
        epochs: passes over the training sentences, at most.
        patience: how many epochs without a better validation loss end the run.
        lr: the learning rate.
        batch_size: sentences in a step.
        channels: kernels of each width.
        dropout: the share of numbers that training silences.
        vectors: `glove` for vectors of words learned elsewhere, `random` to begin without.
        seed: of the three parts, the first weights, the order of the sentences and dropout.
        backend: the name of the backend that computes.
        max_steps: end after so many steps, None for no such end.
        dtype: of the numbers.
    """

    epochs: int = 10
    patience: int = 2
    lr: float = 0.001
    batch_size: int = 50
    channels: int = 100
    dropout: float = 0.5
    vectors: str = "glove"
    seed: int = 0
    backend: str = "fast"
    max_steps: int | None = None
    dtype: str = "float32"
