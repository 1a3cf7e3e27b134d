r"""For comparison: the network of `fast` in PyTorch, from the same first weights.

The options of `fast` give the same losses here, to the last digits of a float64; only the time
differs. PyTorch must be installed: `python -m pip install torch`.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mt_course.projects.fast import FastLearner
from mt_course.projects.options import PointsOptions
from mt_course.projects.points import Labels, Points
from mt_nn import Score

LAYERS = {"first": 0, "second": 2, "last": 4}
"""The layers of `fast`, by their places in the sequence below."""


class TorchLearner:
    """A multi-layer perceptron of PyTorch's.

    Args:
        options: the width, the rate, the seed and the dtype.
    """

    def __init__(self, options: PointsOptions) -> None:
        """Draw the weights as `fast` does."""
        self.dtype = getattr(torch, options.dtype)
        self.model = nn.Sequential(
            nn.Linear(2, options.hidden, dtype=self.dtype),
            nn.ReLU(),
            nn.Linear(options.hidden, options.hidden, dtype=self.dtype),
            nn.ReLU(),
            nn.Linear(options.hidden, 1, dtype=self.dtype),
        )
        self.load(FastLearner(replace(options, backend="simple")).weights())
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=options.lr)

    def learn(self, points: Points, labels: Labels) -> Score:
        """Take one step on a batch, and return how it was before the step."""
        y = torch.tensor(labels, dtype=self.dtype)
        logits = self.model(torch.tensor(points, dtype=self.dtype))[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logits, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        right = (logits > 0.0) == (y > 0.0)
        return Score(loss.item(), right.double().mean().item(), len(points))

    def probabilities(self, points: Points) -> list[float]:
        """Return the probability of label 1 for each point."""
        with torch.no_grad():
            logits = self.model(torch.tensor(points, dtype=self.dtype))[:, 0]
        probabilities: list[float] = logits.sigmoid().tolist()
        return probabilities

    def weights(self) -> dict[str, NDArray[np.float64]]:
        """Return the parameters by the names that `fast` has for them."""
        state = self.model.state_dict()
        return {f"{name}.{kind}": state[f"{i}.{kind}"].numpy() for name, i, kind in _places()}

    def load(self, weights: Mapping[str, NDArray[np.float64]]) -> None:
        """Take parameters by name."""
        state = {f"{i}.{k}": torch.from_numpy(weights[f"{name}.{k}"]) for name, i, k in _places()}
        self.model.load_state_dict(state)


def _places() -> list[tuple[str, int, str]]:
    return [(name, i, kind) for name, i in LAYERS.items() for kind in ("weight", "bias")]
