"""Activations as layers, for `Sequential`."""

from mt_nn.functional import log_softmax, softmax
from mt_operators import Module
from mt_tensor import Tensor


class ReLU(Module):
    r"""$\max(x, 0)$, elementwise."""

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return input.relu()


class Sigmoid(Module):
    r"""$1/(1+e^{-x})$, elementwise."""

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return input.sigmoid()


class Tanh(Module):
    r"""$\tanh x$, elementwise."""

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return input.tanh()


class Softmax(Module):
    """Probabilities along a dimension; see `functional.softmax`.

    Args:
        dim: the dimension of the classes.
    """

    def __init__(self, dim: int) -> None:
        """Keep the dimension."""
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Show the dimension."""
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """Logarithms of probabilities along a dimension; see `functional.log_softmax`."""

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return log_softmax(input, self.dim)
