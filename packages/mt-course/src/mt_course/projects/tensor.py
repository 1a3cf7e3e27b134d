r"""Module 2: the network of `scalar` with tensors, a whole batch at a time.

A layer is written with broadcasting alone, $y_{nj} = \sum_i x_{ni} W_{ij} + b_j$: an array of
(N, in, out) products, summed over its middle. `fast` has the matrix product.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_course.projects.options import PointsOptions
from mt_course.projects.points import Labels, Points
from mt_nn import Module, Parameter, Score
from mt_nn.optim import SGD, Optimizer
from mt_operators import softplus
from mt_tensor import Generator, Tensor, full, no_grad, rand, tensor

Layer = Callable[..., Module]
FIRST_BIAS = 0.1


class BroadcastLinear(Module):
    """A linear layer by broadcasting.

    Args:
        inputs: how many numbers go in.
        outputs: how many come out.
        generator: draws the weights, uniform in [-1, 1]; the offsets are 0.1 at first.
        home: backend and dtype of the weights.
    """

    def __init__(self, inputs: int, outputs: int, generator: Generator, **home: Any) -> None:
        """Draw the weights."""
        draw = {"generator": generator, **home}
        self.weight = Parameter(2.0 * rand(inputs, outputs, **draw) - 1.0)
        self.bias = Parameter(full(outputs, FIRST_BIAS, **home))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs) to (N, outputs)."""
        products = x.unsqueeze(2) * self.weight.value
        return products.sum(1, keepdim=False) + self.bias.value


class Network(Module):
    """Two hidden layers and a logit for each point."""

    def __init__(self, layer: Layer, options: PointsOptions) -> None:
        """Draw the weights of three layers."""
        home: dict[str, Any] = {"backend": options.backend, "dtype": options.dtype}
        home["generator"] = Generator(options.seed)
        self.first = layer(2, options.hidden, **home)
        self.second = layer(options.hidden, options.hidden, **home)
        self.last = layer(options.hidden, 1, **home)

    def forward(self, points: Tensor) -> Tensor:
        """Map points (N, 2) to logits (N,)."""
        h = self.first(points).relu()
        h = self.second(h).relu()
        logits: Tensor = self.last(h).view(-1)
        return logits


class TensorLearner:
    """A multi-layer perceptron of tensors.

    Args:
        options: the width, the rate, the seed, the backend and the dtype.
        layer: makes its layers.
        optimizer: makes what moves its parameters.
    """

    def __init__(
        self,
        options: PointsOptions,
        layer: Layer = BroadcastLinear,
        optimizer: Callable[..., Optimizer] = SGD,
    ) -> None:
        """Draw the weights."""
        self.model = Network(layer, options)
        self.optimizer = optimizer(self.model.parameters(), lr=options.lr)
        self.home: dict[str, Any] = {"backend": options.backend, "dtype": options.dtype}

    def learn(self, points: Points, labels: Labels) -> Score:
        r"""Take one step down the mean of $\mathrm{softplus}(z) - yz$, that is, $-\ln p(y)$."""
        y = tensor([float(label) for label in labels], **self.home)
        logits = self.model(tensor(points, **self.home))
        loss = (softplus(logits) - y * logits).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        right = (logits.detach().numpy() > 0.0) == y.numpy()
        return Score(loss.item(), float(right.mean()), len(points))

    @no_grad()
    def probabilities(self, points: Points) -> list[float]:
        """Return the probability of label 1 for each point."""
        probabilities: list[float] = self.model(tensor(points, **self.home)).sigmoid().tolist()
        return probabilities

    def weights(self) -> dict[str, NDArray[np.float64]]:
        """Return the parameters by name."""
        return {name: t.detach().numpy() for name, t in self.model.state().items()}

    def load(self, weights: dict[str, NDArray[np.float64]]) -> None:
        """Take parameters by name."""
        self.model.load_state({n: tensor(a, **self.home) for n, a in weights.items()})
