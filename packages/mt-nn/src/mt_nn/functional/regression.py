"""Losses that compare numbers with numbers."""

from mt_nn.functional.reduction import Reduction, alike, reduced
from mt_operators import op
from mt_tensor import Tensor


def mse_loss(input: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
    r"""Return the squared error, $(x - t)^2$.

    Args:
        input: any shape.
        target: the same shape.
        reduction: average over the elements, add them up, or keep them.

    Returns:
        Shape (1,); with `"none"`, the shape of the input.

    Raises:
        ShapeError: the shapes differ.
        DTypeError: the dtypes differ.
        ValueError: `reduction` is none of the three.

    Source: `torch.nn.functional.mse_loss`.
    """
    alike("mse_loss", input, target)
    error = input - target
    return reduced("mse_loss", error * error, reduction)


def l1_loss(input: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Return the absolute error, $|x - t|$; otherwise as `mse_loss`.

    Source: `torch.nn.functional.l1_loss`.
    """
    alike("l1_loss", input, target)
    return reduced("l1_loss", (input - target).abs(), reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: Reduction = "mean", delta: float = 1.0
) -> Tensor:
    r"""Return $e^2/2$ for errors $e = |x - t|$ up to $\delta$, and $\delta (e - \delta/2)$ beyond.

    Args:
        input: any shape.
        target: the same shape.
        reduction: average over the elements, add them up, or keep them.
        delta: where the loss becomes linear.

    Raises:
        ShapeError: the shapes differ.
        DTypeError: the dtypes differ.
        ValueError: `delta` is not positive, or `reduction` is none of the three.

    Source: `torch.nn.functional.huber_loss`; Huber, 1964.
    """
    alike("huber_loss", input, target)
    if not delta > 0.0:
        message = f"huber_loss: delta must be positive, not {delta!r}"
        raise ValueError(message)
    return reduced("huber_loss", huber_op(input - target, delta), reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, reduction: Reduction = "mean", beta: float = 1.0
) -> Tensor:
    r"""Return the Huber loss divided by $\beta$: slope 1 beyond $\beta$; at $\beta = 0$ `l1_loss`.

    Raises:
        ShapeError: the shapes differ.
        DTypeError: the dtypes differ.
        ValueError: `beta` is negative, or `reduction` is none of the three.

    Source: `torch.nn.functional.smooth_l1_loss`; Girshick, 2015.
    """
    alike("smooth_l1_loss", input, target)
    if not beta >= 0.0:
        message = f"smooth_l1_loss: beta must not be negative, not {beta!r}"
        raise ValueError(message)
    if beta == 0.0:
        return l1_loss(input, target, reduction)
    return reduced("smooth_l1_loss", huber_op(input - target, beta) / beta, reduction)


@op(
    lambda e, delta: min(max(e, -delta), delta),
    lambda e, delta: max(abs(e) - delta, 0.0),
    domain=((-5.0, 5.0), (0.5, 2.0)),
)
def huber_op(e: float, delta: float) -> float:
    r"""$e^2/2$ up to $\delta$, $\delta (|e| - \delta/2)$ beyond."""
    size = abs(e)
    return 0.5 * e * e if size <= delta else delta * (size - 0.5 * delta)
