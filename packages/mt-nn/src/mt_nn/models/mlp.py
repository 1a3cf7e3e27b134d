"""The multilayer perceptron: linear layers with a bend between them.

Notation: N samples; sizes $d_0, d_1, ..., d_k$, from the input to the classes.
"""

from itertools import pairwise
from typing import Any

from mt_nn.functional import log_softmax
from mt_nn.layers import Dropout, Linear, ModuleList
from mt_operators import Module
from mt_tensor import Backend, Generator, Tensor


class MLP(Module):
    """Classify rows of numbers, or images, which are made rows.

    Args:
        sizes: of the input, of each hidden layer, and how many classes there are.
        dropout: the probability that a hidden neuron is silenced in training.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where the initial values come from, and what dropout silences.

    Raises:
        ValueError: fewer than two sizes, or one is no positive integer.

    >>> model = MLP(784, 128, 10)
    >>> sum(p.value.size for p in model.parameters())
    101770
    """

    def __init__(
        self,
        *sizes: int,
        dropout: float = 0.0,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial weights."""
        if len(sizes) < 2:  # noqa: PLR2004  the input and the classes
            message = f"MLP: sizes {sizes} must have that of the input and the number of classes"
            raise ValueError(message)
        home: dict[str, Any] = {"backend": backend, "dtype": dtype, "generator": generator}
        *hidden, (width, classes) = pairwise(sizes)
        self.hidden = ModuleList(Linear(*pair, **home) for pair in hidden)
        self.dropout = Dropout(dropout, generator=generator)
        self.output = Linear(width, classes, **home)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, ...) of d0 numbers each to logarithms of probabilities (N, classes)."""
        x = x.flatten(1)
        for layer in self.hidden:
            x = self.dropout(layer(x).relu())
        return log_softmax(self.output(x), dim=1)
