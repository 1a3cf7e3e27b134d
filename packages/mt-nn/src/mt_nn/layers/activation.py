"""Activations as layers, for `Sequential`."""

from typing import Any, Literal

from mt_nn.arguments import positive
from mt_nn.functional import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    prelu,
    silu,
    softmax,
    softplus,
)
from mt_operators import Module, Parameter
from mt_tensor import Backend, Tensor, full


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


class SiLU(Module):
    r"""$x\,\mathrm{sigmoid}(x)$, elementwise."""

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return silu(input)


class GELU(Module):
    r"""$x\,\Phi(x)$, elementwise; see `functional.gelu`.

    Args:
        approximate: `"none"`, or `"tanh"` for the approximation by it.
    """

    def __init__(self, approximate: Literal["none", "tanh"] = "none") -> None:
        """Keep the choice."""
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Show the choice."""
        return f"approximate={self.approximate!r}"


class LeakyReLU(Module):
    """$x$ above 0, a little of it below.

    Args:
        negative_slope: how much.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        """Keep the slope."""
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return leaky_relu(input, self.negative_slope)

    def extra_repr(self) -> str:
        """Show the slope."""
        return f"negative_slope={self.negative_slope}"


class PReLU(Module):
    """$x$ above 0, and a part of it below that is learned.

    Args:
        num_parameters: one slope, or one for each channel.
        init: the slope at first.
        backend: where the slopes live; the default one if None.
        dtype: of the slopes; the default one if None.

    Attributes:
        weight: shape (num_parameters,).

    Raises:
        ValueError: `num_parameters` is not a positive integer.

    Source: `torch.nn.PReLU`; He et al., 2015.
    """

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
    ) -> None:
        """Start with one slope."""
        positive("PReLU", num_parameters=num_parameters)
        self.num_parameters = num_parameters
        self.weight = Parameter(full(num_parameters, init, dtype=dtype, backend=backend))

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, C, *) to itself."""
        return prelu(input, self.weight.value)

    def extra_repr(self) -> str:
        """Show how many slopes there are."""
        return f"num_parameters={self.num_parameters}"


class ELU(Module):
    r"""$x$ above 0, $\alpha (e^x - 1)$ below.

    Args:
        alpha: $\alpha$.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        """Keep the number."""
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return elu(input, self.alpha)

    def extra_repr(self) -> str:
        """Show the number."""
        return f"alpha={self.alpha}"


class Softplus(Module):
    r"""$\ln(1 + e^{\beta x})/\beta$; see `functional.softplus`.

    Args:
        beta: $\beta$.
        threshold: above it, $\beta x$ is as good as the result.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        """Keep the numbers."""
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Show the numbers."""
        return f"beta={self.beta}, threshold={self.threshold}"


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
