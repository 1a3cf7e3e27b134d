r"""Activations: what stands between two linear maps.

Those that `mt_operators` has are called by name; the others are defined here as operators of their
own, each by its function and its derivative, as a user would.
"""

import math
from typing import Literal

from mt_operators import leaky_relu as leaky_relu_op
from mt_operators import op, where
from mt_operators import sigmoid as sigmoid_op
from mt_operators import softplus as softplus_op
from mt_tensor import Tensor

TANH_GELU = math.sqrt(2.0 / math.pi)
CUBE = 0.044715


def relu(input: Tensor) -> Tensor:
    r"""Return $\max(x, 0)$."""
    return input.relu()


def sigmoid(input: Tensor) -> Tensor:
    r"""Return $1/(1+e^{-x})$."""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    r"""Return $\tanh x$."""
    return input.tanh()


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Return $x$ above 0, and `negative_slope` times it below."""
    return leaky_relu_op(input, negative_slope)  # type: ignore[no-any-return]


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Return $x$ above 0, and a slope that is learned times it below.

    Args:
        input: shape (N, C, *), or any shape if there is one slope.
        weight: the slopes, shape (C,) or (1,).

    Raises:
        ShapeError: another number of slopes than channels.

    Source: `torch.nn.functional.prelu`; He et al., 2015.
    """
    slopes = weight if weight.size == 1 else weight.view(-1, *(1,) * (input.ndim - 2))
    return leaky_relu_op(input, slopes)  # type: ignore[no-any-return]


def elu(input: Tensor, alpha: float = 1.0) -> Tensor:
    r"""Return $x$ above 0, and $\alpha (e^x - 1)$ below. Source: Clevert et al., 2016."""
    return elu_op(input, alpha)  # type: ignore[no-any-return]


def silu(input: Tensor) -> Tensor:
    r"""Return $x\,\mathrm{sigmoid}(x)$. Source: Elfwing et al., 2018."""
    return silu_op(input)  # type: ignore[no-any-return]


def gelu(input: Tensor, approximate: Literal["none", "tanh"] = "none") -> Tensor:
    r"""Return $x\,\Phi(x)$, with the normal distribution function or its approximation by tanh.

    Raises:
        ValueError: `approximate` is neither.

    Source: `torch.nn.functional.gelu`; Hendrycks and Gimpel, 2016.
    """
    if approximate == "none":
        return input.gelu()
    if approximate == "tanh":
        return gelu_tanh_op(input)  # type: ignore[no-any-return]
    message = f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}"
    raise ValueError(message)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    r"""Return $\ln(1 + e^{\beta x})/\beta$; $x$ itself where $\beta x$ is above the threshold.

    Source: `torch.nn.functional.softplus`.
    """
    scaled = input * beta
    return where(scaled > threshold, input, softplus_op(scaled) / beta)  # type: ignore[no-any-return]


@op(
    lambda x, alpha: 1.0 if x > 0.0 else alpha * math.exp(min(x, 0.0)),
    lambda x, _: math.expm1(min(x, 0.0)),
    domain=((-10.0, 10.0), (0.5, 2.0)),
    kink=lambda x, _: x,
)
def elu_op(x: float, alpha: float) -> float:
    r"""$x$ above 0, $\alpha (e^x - 1)$ below."""
    return x if x > 0.0 else alpha * math.expm1(min(x, 0.0))


@op(lambda x: sigmoid_op(x) * (1.0 + x * (1.0 - sigmoid_op(x))))
def silu_op(x: float) -> float:
    r"""$x\,\mathrm{sigmoid}(x)$."""
    result: float = x * sigmoid_op(x)
    return result


def gelu_tanh_slope(x: float) -> float:
    """Return the derivative of `gelu_tanh_op`."""
    t = math.tanh(TANH_GELU * (x + CUBE * x * x * x))
    slope = TANH_GELU * (1.0 + 3.0 * CUBE * x * x)
    return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * slope


@op(gelu_tanh_slope)
def gelu_tanh_op(x: float) -> float:
    r"""$\frac{x}{2} (1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715 x^3)))$."""
    return 0.5 * x * (1.0 + math.tanh(TANH_GELU * (x + CUBE * x * x * x)))
