r"""Module 0: no learning yet; a line through the plane, with weights that you choose.

A point has label 1 with the probability $\mathrm{sigmoid}(w_1 x_1 + w_2 x_2 + b)$. Which weights
get all points of Simple right? Which tasks can no line solve?
"""

import numpy as np
from numpy.typing import NDArray

from mt_course.projects.points import Labels, Points
from mt_nn import Score
from mt_operators import Module, Parameter, sigmoid, softplus


class Line(Module):
    """A classifier by one line.

    Args:
        w1: the weight of the first coordinate.
        w2: the weight of the second coordinate.
        bias: what is added.
    """

    def __init__(self, w1: float, w2: float, bias: float) -> None:
        """Keep the weights."""
        self.w1 = Parameter(w1)
        self.w2 = Parameter(w2)
        self.bias = Parameter(bias)

    def forward(self, x1: float, x2: float) -> float:
        """Return the logit of a point: 0 on the line."""
        return x1 * self.w1.value + x2 * self.w2.value + self.bias.value


class ManualLearner:
    """A line that learns nothing.

    Args:
        line: the classifier.
    """

    def __init__(self, line: Line) -> None:
        """Keep the line."""
        self.model = line

    def learn(self, points: Points, labels: Labels) -> Score:
        """Score the points, and change nothing."""
        logits = [self.model(x, y) for x, y in points]
        pairs = list(zip(logits, labels, strict=True))
        loss = sum(softplus(z) - label * z for z, label in pairs) / len(pairs)
        right = sum((z > 0.0) == label for z, label in pairs) / len(pairs)
        return Score(loss, right, len(pairs))

    def probabilities(self, points: Points) -> list[float]:
        """Return the probability of label 1 for each point."""
        return [sigmoid(self.model(x, y)) for x, y in points]

    def weights(self) -> dict[str, NDArray[np.float64]]:
        """Return the parameters by name, each an array of one number."""
        return {name: np.array([value]) for name, value in self.model.state().items()}

    def load(self, weights: dict[str, NDArray[np.float64]]) -> None:
        """Take parameters by name."""
        self.model.load_state({name: float(a[0]) for name, a in weights.items()})
