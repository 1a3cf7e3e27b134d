r"""A network of scalars, small enough to follow every number: two hidden layers and a logit.

$$
h_1 = \mathrm{relu}(W_1 x + b_1), \quad h_2 = \mathrm{relu}(W_2 h_1 + b_2), \quad z = w_3 h_2 + b_3
$$

The logit $z$ says which label a point gets: 1 where it is positive. The probability of label 1 is
$\mathrm{sigmoid}(z)$, and the loss of a point is the negative logarithm of the probability of its
own label, which is $\mathrm{softplus}(z) - yz$ for the label $y$: no logarithm of a number near 0.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from mt_autodiff.dot_product import dot
from mt_autodiff.mode import no_grad
from mt_autodiff.scalar import Scalar
from mt_operators import Dataset, Module, Parameter

FIRST_BIAS = 0.1


class Linear(Module):
    r"""$y_j = \sum_i w_{ji} x_i + b_j$.

    The weights are uniform in $[-1, 1]$ at first, and the offsets 0.1, so that few of the relu
    that follow are 0 everywhere: one that is gets no derivative, and never learns.

    Args:
        inputs: how many numbers go in.
        outputs: how many come out.
        rng: draws the weights.
    """

    def __init__(self, inputs: int, outputs: int, rng: random.Random) -> None:
        """Draw the weights."""
        self.weights = [
            [self._parameter(f"weight_{j}_{i}", rng.uniform(-1.0, 1.0)) for i in range(inputs)]
            for j in range(outputs)
        ]
        self.biases = [self._parameter(f"bias_{j}", FIRST_BIAS) for j in range(outputs)]

    def forward(self, x: Sequence[Any]) -> list[Scalar]:
        """Apply to scalars or numbers, `inputs` of them."""
        return [
            dot(x, [w.value for w in row]) + bias.value
            for row, bias in zip(self.weights, self.biases, strict=True)
        ]

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{len(self.weights[0])}, {len(self.weights)}"

    def _parameter(self, name: str, value: float) -> Parameter[Scalar]:
        return self.add_parameter(name, Scalar(value, name=name))


class MLP(Module):
    """A classifier of points of a plane.

    Args:
        hidden: the width of both hidden layers.
        seed: of the initial weights.

    >>> MLP(hidden=3)
    MLP(
      (first): Linear(2, 3)
      (second): Linear(3, 3)
      (last): Linear(3, 1)
    )
    """

    def __init__(self, hidden: int, seed: int = 0) -> None:
        """Draw the weights."""
        rng = random.Random(seed)  # noqa: S311  weights, not secrets
        self.first = Linear(2, hidden, rng)
        self.second = Linear(hidden, hidden, rng)
        self.last = Linear(hidden, 1, rng)

    def forward(self, x: float, y: float) -> Scalar:
        """Return the logit of a point."""
        h = [v.relu() for v in self.first((x, y))]
        h = [v.relu() for v in self.second(h)]
        logit: Scalar = self.last(h)[0]
        return logit


def point_loss(logit: Scalar, label: int) -> Scalar:
    r"""Return $-\ln p(\mathrm{label})$, which is $\mathrm{softplus}(z) - yz$."""
    return logit.softplus() - label * logit


def train(model: MLP, data: Dataset, rate: float, epochs: int) -> Iterator[float]:
    """Train by gradient descent on the whole dataset, and yield the mean loss of each epoch.

    Args:
        model: its parameters get new values.
        data: points and labels.
        rate: how far to go against the derivative.
        epochs: how often to go through the dataset.
    """
    for _ in range(epochs):
        total = 0.0
        for point, label in zip(data.points, data.labels, strict=True):
            loss = point_loss(model(*point), label) / len(data)
            loss.backward()
            total += loss.data
        step(model, rate)
        yield total


def step(model: Module, rate: float) -> None:
    """Give each parameter a new scalar, a step down from the old one."""
    for parameter in model.parameters():
        scalar = parameter.value
        if scalar.derivative is not None:
            parameter.update(Scalar(scalar.data - rate * scalar.derivative, name=scalar.name))


@no_grad()
def correct(model: MLP, data: Dataset) -> int:
    """Count the points that get their own label."""
    pairs = zip(data.points, data.labels, strict=True)
    return sum((model(*point).data > 0.0) == (label == 1) for point, label in pairs)
