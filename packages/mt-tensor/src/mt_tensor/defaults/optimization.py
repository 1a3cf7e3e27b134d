"""One step of an optimiser, in place, in as few elementwise passes as there are results.

Each rule is a function of numbers, so a backend that compiles it makes one pass of it. What is the
same for every element (a learning rate, a decay) comes as a view of stride 0, so that no kernel
depends on its value.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

from mt_operators import div
from mt_tensor.defaults.windows import constant
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from collections.abc import Callable

    from mt_tensor.backend import Backend


def sgd_step(  # noqa: PLR0913  the numbers of the rule
    backend: "Backend",
    value: TensorData,
    grad: TensorData,
    velocity: TensorData | None,
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
) -> None:
    r"""Go down the gradient $g$, or down the velocity $v$ that it drives.

    $g \leftarrow g + \lambda p$, then $v \leftarrow \mu v + (1 - d) g$, then
    $p \leftarrow p - \eta u$ with $u = g + \mu v$ for Nesterov's rule, $u = v$ otherwise, and
    $u = g$ without a velocity. `grad` is left as it is.
    """
    if velocity is None:
        update(backend, _descend, value, (grad,), (lr, weight_decay))
        return
    rates = (momentum, 1.0 - dampening, weight_decay)
    update(backend, _accelerate, velocity, (grad, value), rates)
    if nesterov:
        update(backend, _descend_ahead, value, (grad, velocity), (lr, momentum, weight_decay))
    else:
        update(backend, _descend, value, (velocity,), (lr, 0.0))


def adam_step(  # noqa: PLR0913  the numbers of the rule
    backend: "Backend",
    value: TensorData,
    grad: TensorData,
    mean: TensorData,
    square: TensorData,
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
    decoupled: bool,
    step: int,
) -> None:
    r"""Go down the mean gradient, scaled by its root mean square.

    $m \leftarrow m + (1-\beta_1)(g - m)$, $v \leftarrow v + (1-\beta_2)(g^2 - v)$,
    $p \leftarrow p - \eta\, \hat m / (\sqrt{\hat v} + \epsilon)$ with
    $\hat m = m/(1-\beta_1^t)$ and $\hat v = v/(1-\beta_2^t)$. The decay $\lambda p$ is added to
    $g$, or if it is `decoupled` taken from $p$ directly. `step` is $t$, from 1. `grad` is left as
    it is.
    """
    rates = adam_rates(
        lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, decoupled=decoupled, step=step
    )
    update(backend, _average, mean, (grad, value), (rates.new_mean, rates.decay))
    update(backend, _average_square, square, (grad, value), (rates.new_square, rates.decay))
    scale = rates.shrink, rates.rate, rates.unbias, rates.eps
    update(backend, _descend_scaled, value, (mean, square), scale)


class AdamRates(NamedTuple):
    """The numbers of a step of Adam.

    Attributes:
        new_mean, new_square: the shares of the new gradient and of its square.
        decay: what is added of the parameter to its gradient.
        shrink: what is left of the parameter before it moves.
        rate: the learning rate, for a mean that is not biased.
        unbias: what makes the root of the mean square unbiased.
        eps: what is added to that root.
    """

    new_mean: float
    new_square: float
    decay: float
    shrink: float
    rate: float
    unbias: float
    eps: float


def adam_rates(  # noqa: PLR0913  the numbers of the rule
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
    decoupled: bool,
    step: int,
) -> AdamRates:
    """Work out the numbers of a step of `adam_step`, which every backend reads."""
    return AdamRates(
        new_mean=1.0 - betas[0],
        new_square=1.0 - betas[1],
        decay=0.0 if decoupled else weight_decay,
        shrink=1.0 - lr * weight_decay if decoupled else 1.0,
        rate=lr / (1.0 - betas[0] ** step),
        unbias=1.0 / math.sqrt(1.0 - betas[1] ** step),
        eps=eps,
    )


def _descend(p: float, g: float, lr: float, decay: float) -> float:
    return p - lr * (g + decay * p)


def _accelerate(  # noqa: PLR0913, PLR0917
    v: float, g: float, p: float, momentum: float, gain: float, decay: float
) -> float:
    return momentum * v + gain * (g + decay * p)


def _descend_ahead(  # noqa: PLR0913, PLR0917
    p: float, g: float, v: float, lr: float, momentum: float, decay: float
) -> float:
    return p - lr * (g + decay * p + momentum * v)


def _average(m: float, g: float, p: float, weight: float, decay: float) -> float:
    return m + weight * (g + decay * p - m)


def _average_square(v: float, g: float, p: float, weight: float, decay: float) -> float:
    slope = g + decay * p
    return v + weight * (slope * slope - v)


def _descend_scaled(  # noqa: PLR0913, PLR0917
    p: float, m: float, v: float, shrink: float, rate: float, unbias: float, eps: float
) -> float:
    step: float = div(rate * m, math.sqrt(v) * unbias + eps)
    return shrink * p - step


def update(
    backend: "Backend",
    rule: "Callable[..., float]",
    out: TensorData,
    others: tuple[TensorData, ...],
    rates: tuple[float, ...],
) -> None:
    """Set `out` to the rule of itself, the other tensors and the rates, element by element."""
    numbers = (constant(backend, rate, out.shape, out.dtype) for rate in rates)
    backend.zip(rule, out, out, *others, *numbers)
