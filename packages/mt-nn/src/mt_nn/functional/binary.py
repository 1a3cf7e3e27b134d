"""Losses of a decision between two."""

from typing import Any

from mt_nn.functional.reduction import Reduction, alike, reduced
from mt_operators import log, op, sigmoid, softplus
from mt_tensor import Tensor, each_time

LEAST_LOG = -100.0
LEAST_VARIANCE = 1e-12


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: Reduction = "mean"
) -> Tensor:
    r"""Return $-w\,(t \ln x + (1 - t) \ln(1 - x))$, with logarithms of at least -100.

    Args:
        input: probabilities, any shape.
        target: probabilities, the same shape.
        weight: how much each element counts; broadcasts.
        reduction: average over the elements, add them up, or keep them.

    Raises:
        ShapeError: the shapes differ.
        DTypeError: the dtypes differ.
        ValueError: an input is not between 0 and 1, or `reduction` is none of the three.

    Source: `torch.nn.functional.binary_cross_entropy`.
    """
    alike("binary_cross_entropy", input, target)
    each_time(_check_probabilities, input)
    losses: Tensor = cross_op(input, target)
    return reduced("binary_cross_entropy", losses if weight is None else losses * weight, reduction)


def _check_probabilities(values: Any) -> None:
    outside = values[~((values >= 0.0) & (values <= 1.0))]
    if outside.size:
        message = f"binary_cross_entropy: an input is {outside[0]}; all must lie between 0 and 1"
        raise ValueError(message)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Return the binary cross-entropy of $\mathrm{sigmoid}(x)$, without computing it.

    $w\,((1 - t)\, x + (1 + (p - 1) t) \ln(1 + e^{-x}))$, which is exact for scores of any size.

    Args:
        input: scores, any shape.
        target: probabilities, the same shape.
        weight: how much each element counts; broadcasts.
        reduction: average over the elements, add them up, or keep them.
        pos_weight: $p$, how much more a positive target counts; broadcasts.

    Raises:
        ShapeError: the shapes differ.
        DTypeError: the dtypes differ.
        ValueError: `reduction` is none of the three.

    Source: `torch.nn.functional.binary_cross_entropy_with_logits`.
    """
    name = "binary_cross_entropy_with_logits"
    alike(name, input, target)
    losses: Tensor = (
        logit_cross_op(input, target)
        if pos_weight is None
        else weighted_logit_cross_op(input, target, pos_weight)
    )
    return reduced(name, losses if weight is None else losses * weight, reduction)


def bounded_log(x: float) -> float:
    """Return the logarithm, at least -100, so that a certain error has a finite loss."""
    value: float = log(x)
    return max(value, LEAST_LOG)


@op(
    lambda x, t: (x - t) / max(x * (1.0 - x), LEAST_VARIANCE),
    lambda x, _: bounded_log(1.0 - x) - bounded_log(x),
    domain=((0.05, 0.95), (0.0, 1.0)),
)
def cross_op(x: float, t: float) -> float:
    r"""$-t \ln x - (1 - t) \ln(1 - x)$."""
    return -t * bounded_log(x) - (1.0 - t) * bounded_log(1.0 - x)


@op(lambda x, t: sigmoid(x) - t, lambda x, _: -x)
def logit_cross_op(x: float, t: float) -> float:
    r"""$(1 - t)\,x + \ln(1 + e^{-x})$."""
    slack: float = softplus(-x)
    return (1.0 - t) * x + slack


@op(
    lambda x, t, p: (1.0 - t) - (1.0 + (p - 1.0) * t) * sigmoid(-x),
    lambda x, _, p: (p - 1.0) * softplus(-x) - x,
    lambda x, t, _: t * softplus(-x),
)
def weighted_logit_cross_op(x: float, t: float, p: float) -> float:
    r"""$(1 - t)\,x + (1 + (p - 1)\,t) \ln(1 + e^{-x})$."""
    slack: float = softplus(-x)
    return (1.0 - t) * x + (1.0 + (p - 1.0) * t) * slack
