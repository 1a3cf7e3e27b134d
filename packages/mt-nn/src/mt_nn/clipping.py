"""Gradient clipping: no step is so large that it throws a network off."""

from collections.abc import Iterable
from math import inf, isfinite, sqrt
from typing import Any

from mt_operators import Parameter
from mt_tensor import GradientError, Tensor


def clip_grad_norm_(
    parameters: Iterable[Parameter[Any]],
    max_norm: float,
    norm_type: float = 2.0,
    *,
    error_if_nonfinite: bool = False,
) -> float:
    r"""Scale all gradients by one factor, so that their common norm is at most `max_norm`.

    Args:
        parameters: whose gradients; those without one are left out.
        max_norm: the largest norm.
        norm_type: 2 for the Euclidean norm, `inf` for the largest element, or any $p > 0$.
        error_if_nonfinite: refuse a norm that is nan or infinite.

    Returns:
        The norm before.

    Raises:
        GradientError: the norm is nan or infinite, and that is an error.

    Source: `torch.nn.utils.clip_grad_norm_`.
    """
    values = _with_gradients(parameters)
    total = _norm([v.grad for v in values], norm_type)
    if error_if_nonfinite and not isfinite(total):
        message = f"clip_grad_norm_: the norm of the gradients is {total}"
        raise GradientError(message)
    factor = max_norm / (total + 1e-6)
    if factor < 1.0 or not isfinite(factor):
        for value in values:
            value.grad = value.grad * factor
    return total


def clip_grad_value_(parameters: Iterable[Parameter[Any]], clip_value: float) -> None:
    """Bring every element of every gradient into `-clip_value` to `clip_value`.

    Raises:
        ValueError: `clip_value` is negative.

    Source: `torch.nn.utils.clip_grad_value_`.
    """
    if not clip_value >= 0.0:
        message = f"clip_grad_value_: clip_value must not be negative, not {clip_value!r}"
        raise ValueError(message)
    for value in _with_gradients(parameters):
        value.grad = value.grad.clamp(-clip_value, clip_value)


def _with_gradients(parameters: Iterable[Parameter[Any]]) -> list[Any]:
    values = (parameter.value for parameter in parameters)
    return [value for value in values if value is not None and value.grad is not None]


def _norm(grads: list[Tensor], p: float) -> float:
    if p == inf:
        return max((abs(g).max().item() for g in grads), default=0.0)
    if p == 2.0:  # noqa: PLR2004
        return sqrt(sum((g * g).sum().item() for g in grads))
    return float(sum((abs(g) ** p).sum().item() for g in grads) ** (1.0 / p))
