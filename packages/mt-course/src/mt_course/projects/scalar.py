"""Module 1: a network of scalars, one number at a time, on labelled points.

The network, its loss and its step are those of `mt_autodiff.mlp`, which are there to be read.
"""

import numpy as np
from numpy.typing import NDArray

from mt_autodiff import Scalar, no_grad
from mt_autodiff.mlp import MLP, point_loss, step
from mt_course.projects.options import PointsOptions
from mt_course.projects.points import Labels, Points
from mt_nn import Score


class ScalarLearner:
    """A multi-layer perceptron of scalars.

    Args:
        options: the width, the rate and the seed.
    """

    def __init__(self, options: PointsOptions) -> None:
        """Draw the weights."""
        self.model = MLP(options.hidden, options.seed)
        self.lr = options.lr

    def learn(self, points: Points, labels: Labels) -> Score:
        """Take one step down the mean loss of the points."""
        total, right = 0.0, 0
        for (x, y), label in zip(points, labels, strict=True):
            logit = self.model(x, y)
            loss = point_loss(logit, label) / len(points)
            loss.backward()
            total += loss.data
            right += (logit.data > 0.0) == label
        step(self.model, self.lr)
        return Score(total, right / len(points), len(points))

    @no_grad()
    def probabilities(self, points: Points) -> list[float]:
        """Return the probability of label 1 for each point."""
        return [self.model(x, y).sigmoid().data for x, y in points]

    def weights(self) -> dict[str, NDArray[np.float64]]:
        """Return the parameters by name, each an array of one number."""
        return {name: np.array([s.data]) for name, s in self.model.state().items()}

    def load(self, weights: dict[str, NDArray[np.float64]]) -> None:
        """Take parameters by name."""
        self.model.load_state({name: Scalar(float(a[0])) for name, a in weights.items()})
