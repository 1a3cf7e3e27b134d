"""The losses of classification: how unlikely a network holds the true class."""

from typing import Any, Literal

import numpy as np

from mt_nn.functional.softmax import log_softmax
from mt_tensor import Context, DTypeError, Function, IndexingError, ShapeError, Tensor

Reduction = Literal["mean", "sum", "none"]


def nll_loss(input: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
    r"""Return the negative log-likelihood of the true classes, $-x_{n, t_n}$.

    Args:
        input: logarithms of probabilities, shape (N, C).
        target: the true classes, integers from 0 to C - 1, shape (N,).
        reduction: average over the samples, add them up, or keep them.

    Returns:
        Shape (1,), as of every full reduction; with `"none"`, shape (N,).

    Raises:
        ShapeError: the shapes are not (N, C) and (N,).
        DTypeError: the target does not hold integers.
        IndexingError: a class is not from 0 to C - 1.

    Source: `torch.nn.functional.nll_loss`.
    """
    classes = _checked_classes(input, target)
    picked: Tensor = PickClass.apply(input, classes=classes)
    return reduced("nll_loss", -picked, reduction)


def cross_entropy(input: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
    r"""Return $-\ln \mathrm{softmax}(x)_{n, t_n}$: `nll_loss` of `log_softmax`, from raw scores.

    Source: `torch.nn.functional.cross_entropy`.
    """
    return nll_loss(log_softmax(input, dim=-1), target, reduction)


class PickClass(Function):
    """Read one column of each row."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, *, classes: np.ndarray[Any, Any]) -> Any:
        """Return element `classes[n]` of row `n`, shape (N,)."""
        ctx.shape = x.shape
        ctx.classes = classes
        out = x.backend.allocate(classes.shape, x.dtype)
        x.backend.gather(out, x.data, _positions(x.data, classes))
        return x._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Put each gradient where its element was read; no place is read twice."""
        out = grad_output.backend.full(ctx.shape, 0.0, grad_output.dtype)
        positions = _positions(out, ctx.classes)
        grad_output.backend.scatter(out, positions, grad_output.data)
        return grad_output._new(out)


def reduced(operator: str, losses: Tensor, reduction: Reduction) -> Tensor:
    """Average losses, add them up, or leave them.

    Raises:
        ValueError: `reduction` is none of the three.
    """
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    message = f"{operator}: reduction must be 'mean', 'sum' or 'none', not {reduction!r}"
    raise ValueError(message)


def _positions(data: Any, classes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    down, right = data.strides
    rows = np.arange(len(classes), dtype=np.int64)
    return np.asarray(data.offset + rows * down + classes * right)


def _checked_classes(input: Tensor, target: Tensor) -> np.ndarray[Any, Any]:
    if input.ndim != 2 or target.shape != input.shape[:1]:  # noqa: PLR2004
        message = (
            f"nll_loss: input is {input.shape} and target is {target.shape}; "
            "they must be (N, C) and (N,)"
        )
        raise ShapeError(message)
    if target.dtype.kind != "i":
        message = f"nll_loss: target is {target.dtype}; classes are integers: .to('int64')"
        raise DTypeError(message)
    classes = target.numpy()
    wrong = np.flatnonzero((classes < 0) | (classes >= input.shape[1]))
    if len(wrong):
        n = int(wrong[0])
        message = (
            f"nll_loss: input is {input.shape} and target[{n}] = {classes[n]}; "
            f"classes are from 0 to {input.shape[1] - 1}"
        )
        raise IndexingError(message)
    return classes
