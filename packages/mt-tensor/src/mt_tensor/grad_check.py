r"""Checking a gradient against a difference quotient.

For a random direction $v$ and weights $w$, the derivative of $t \mapsto \langle w, f(x + tv)
\rangle$ at 0 is $\langle \nabla, v\rangle$. One number tests the whole gradient of an input: an
element that is wrong by 1 % shows, where checking a sample of elements could miss it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mt_autodiff import GradientError
from mt_tensor.creation import tensor
from mt_tensor.tensor import Tensor

Array = np.ndarray[Any, Any]


def grad_check(
    f: Callable[..., Tensor],
    *inputs: Tensor,
    step: float = 1e-5,
    rtol: float = 1e-5,
    seed: int = 0,
) -> None:
    r"""Compare the gradient of a function with a difference quotient, for each input.

    The function is evaluated in float64 and differentiated along a random direction with the
    fourth-order quotient $(8 (f_1 - f_{-1}) - (f_2 - f_{-2})) / 12h$.

    Args:
        f: a function of tensors, smooth near the inputs.
        inputs: float tensors of any shape.
        step: $h$; the elements of a direction are about 1.
        rtol: the error allowed, relative to the terms of $\langle\nabla, v\rangle$.
        seed: chooses directions and weights.

    Raises:
        GradientError: the two disagree, or no gradient reached an input.
    """
    rng = np.random.default_rng(seed)
    points = [np.array(x.detach().numpy(), dtype=np.float64) for x in inputs]
    backends = [x.backend for x in inputs]
    leaves = [
        tensor(p, backend=b, requires_grad=True) for p, b in zip(points, backends, strict=True)
    ]
    result = f(*leaves)
    weights = rng.uniform(0.5, 1.5, result.shape)

    def weighted(arrays: list[Array]) -> float:
        moved = (tensor(p, backend=b) for p, b in zip(arrays, backends, strict=True))
        return float((f(*moved).detach().numpy() * weights).sum())

    result.backward(weights)
    for i, leaf in enumerate(leaves):
        direction = rng.uniform(0.5, 1.5, leaf.shape) * rng.choice([-1.0, 1.0], leaf.shape)
        numeric = _quotient(weighted, points, i, direction, step)
        _compare(i, leaf.grad, direction, numeric, rtol)


def _quotient(
    f: Callable[[list[Array]], float], points: list[Array], i: int, direction: Array, h: float
) -> float:
    def at(t: float) -> float:
        return f([*points[:i], points[i] + t * direction, *points[i + 1 :]])

    return (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)


def _compare(i: int, grad: Tensor | None, direction: Array, numeric: float, rtol: float) -> None:
    if grad is None:
        message = f"grad_check: no gradient reached input {i}"
        raise GradientError(message)
    terms = grad.numpy() * direction
    exact = float(terms.sum())
    if not abs(exact - numeric) <= rtol * max(abs(numeric), float(abs(terms).sum())) + 1e-12:
        message = (
            f"grad_check: input {i}: the gradient along a random direction is {exact}, "
            f"but the difference quotient gives {numeric}"
        )
        raise GradientError(message)
