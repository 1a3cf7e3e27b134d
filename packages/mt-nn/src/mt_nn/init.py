r"""Initial values of weights: drawn so that signals keep their variance from layer to layer.

A neuron sums *fan-in* products. If weights have variance $g^2/\text{fan}$, with the gain $g$ of the
activation, the variance of signals (fan-in) or of gradients (fan-out) neither explodes nor dies.

The functions fill a tensor in place and return it. Numbers are drawn in float64 and then rounded,
so a seed gives the same weights in every dtype and on every backend.

Source: `torch.nn.init`.
"""

import math
from typing import Any, Literal

import numpy as np

from mt_operators import identity
from mt_tensor import Generator, ShapeError, Tensor, default_generator

Mode = Literal["fan_in", "fan_out"]


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Draw each element from the uniform distribution on [a, b)."""
    drawn = (generator or default_generator).numpy.random(tensor.shape)
    return _fill(tensor, a + (b - a) * drawn)


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Draw each element from the normal distribution."""
    drawn = (generator or default_generator).numpy.standard_normal(tensor.shape)
    return _fill(tensor, mean + std * drawn)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Set every element to one value."""
    return _fill(tensor, np.full(tensor.shape, val))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    r"""Draw uniformly from $\pm g \sqrt{3/\text{fan}}$.

    Args:
        tensor: a weight, shape (O, I, ...).
        a: the slope of `leaky_relu` below 0; `sqrt(5)` gives the default of PyTorch's layers.
        mode: keep the variance of signals (`fan_in`) or of gradients (`fan_out`).
        nonlinearity: whose gain; see `calculate_gain`.
        generator: where the numbers come from.

    Raises:
        ShapeError: fewer than 2 dimensions.

    Source: He et al., 2015, equation 10.
    """
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3.0 / fans(tensor)[mode == "fan_out"])
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    r"""Draw from the normal distribution of deviation $g/\sqrt{\text{fan}}$.

    Arguments and errors as in `kaiming_uniform_`. Source: He et al., 2015.
    """
    fan = fans(tensor)[mode == "fan_out"]
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(fan), generator)


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    r"""Draw uniformly from $\pm g \sqrt{6/(\text{fan-in} + \text{fan-out})}$.

    Raises:
        ShapeError: fewer than 2 dimensions.

    Source: Glorot and Bengio, 2010, equation 16.
    """
    bound = gain * math.sqrt(6.0 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    r"""Draw from the normal distribution of deviation $g \sqrt{2/(\text{fan-in}+\text{fan-out})}$.

    Raises:
        ShapeError: fewer than 2 dimensions.

    Source: Glorot and Bengio, 2010.
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(fans(tensor))), generator)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return by how much an activation shrinks a signal, as the factor that makes up for it.

    Raises:
        ValueError: the activation is not known.

    >>> calculate_gain("tanh")
    1.6666666666666667
    """
    slope = 0.01 if param is None else param
    gains = {
        "linear": 1.0,
        "conv2d": 1.0,
        "sigmoid": 1.0,
        "tanh": 5.0 / 3.0,
        "relu": math.sqrt(2.0),
        "leaky_relu": math.sqrt(2.0 / (1.0 + slope * slope)),
    }
    if nonlinearity not in gains:
        message = f"calculate_gain: {nonlinearity!r} is none of {', '.join(gains)}"
        raise ValueError(message)
    return gains[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """Return how many products each output sums, and in how many outputs each input appears.

    Raises:
        ShapeError: fewer than 2 dimensions.
    """
    if tensor.ndim < 2:  # noqa: PLR2004
        message = f"init: a weight of {tensor.shape} has no fan; it needs 2 dimensions or more"
        raise ShapeError(message)
    outputs, inputs, *window = tensor.shape
    field = math.prod(window)
    return inputs * field, outputs * field


def _fill(tensor: Tensor, values: np.ndarray[Any, Any]) -> Tensor:
    source = tensor.backend.from_array(values.astype(tensor.dtype))
    tensor.backend.map(identity, tensor.data, source)
    return tensor
