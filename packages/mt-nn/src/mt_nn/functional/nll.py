"""The negative log-likelihood: how unlikely a network holds the true class."""

from typing import Any

import numpy as np

from mt_nn.arguments import one_dtype
from mt_nn.functional.reduction import Reduction, reduced
from mt_tensor import Context, DTypeError, Function, IndexingError, ShapeError, Tensor, tensor

Classes = np.ndarray[Any, np.dtype[np.int64]]


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Return the negative log-likelihood of the true classes, $-w_{t_n} x_{n, t_n}$.

    Args:
        input: logarithms of probabilities, shape (N, C), (N, C, *), or (C,) for one sample.
        target: the true classes, integers from 0 to C - 1, shape (N,), (N, *), or ().
        weight: how much each class counts, shape (C,).
        ignore_index: a target that does not count at all.
        reduction: average over the samples, each by its weight, add them up, or keep them.

    Returns:
        Shape (1,), as of every full reduction; with `"none"`, the shape of the target.

    Raises:
        ShapeError: the shapes do not fit.
        DTypeError: the target does not hold integers, or the dtypes differ.
        IndexingError: a class is neither from 0 to C - 1 nor `ignore_index`.
        ValueError: `reduction` is none of the three.

    Source: `torch.nn.functional.nll_loss`.
    """
    check_shapes("nll_loss", input, target, weight)
    classes = checked_classes("nll_loss", input, target, ignore_index)
    kept = classes != ignore_index
    if weight is None and kept.all():
        plain: Tensor = -PickClass.apply(_rows(input), classes=classes)
        return reduced("nll_loss", plain.view(*target.shape), reduction)
    shares = class_shares(classes, kept, weight)
    picked: Tensor = PickClass.apply(_rows(input), classes=np.where(kept, classes, 0))
    used = tensor(shares != 0.0, backend=input.backend)
    scaled = tensor(shares.astype(input.dtype), backend=input.backend)
    losses = (-picked.where(used, 0.0) * scaled).view(*target.shape)
    if reduction == "mean":
        return losses.sum() / float(shares.sum())
    return reduced("nll_loss", losses, reduction)


class PickClass(Function):
    """Read one column of each row."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, *, classes: Classes) -> Any:
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


def check_shapes(operator: str, input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """Refuse shapes that are not (N, C, *), (N, *) and (C,).

    Raises:
        ShapeError: they are not.
        DTypeError: the dtypes of input and weight differ.
    """
    one_dtype(operator, input=input, weight=weight)
    wanted = input.shape[:1] + input.shape[2:] if input.ndim > 1 else ()
    if not input.ndim or target.shape != wanted:
        message = (
            f"{operator}: input is {input.shape} and target is {target.shape}; "
            "they must be (N, C, *) and (N, *), or (C,) and ()"
        )
        raise ShapeError(message)
    classes = input.shape[1:2] or input.shape
    if weight is not None and weight.shape != classes:
        message = f"{operator}: input is {input.shape} and weight is {weight.shape}, not {classes}"
        raise ShapeError(message)


def checked_classes(operator: str, input: Tensor, target: Tensor, ignore_index: int) -> Classes:
    """Return the classes as a flat array.

    Raises:
        DTypeError: they are no integers.
        IndexingError: one is neither a class of the input nor `ignore_index`.
    """
    if target.dtype.kind != "i":
        message = f"{operator}: target is {target.dtype}; classes are integers: .to('int64')"
        raise DTypeError(message)
    classes: Classes = target.numpy().reshape(-1)
    count = input.shape[0] if input.ndim == 1 else input.shape[1]
    wrong = np.flatnonzero(((classes < 0) | (classes >= count)) & (classes != ignore_index))
    if len(wrong):
        place = [int(i) for i in np.unravel_index(wrong[0], target.shape)]
        message = (
            f"{operator}: input is {input.shape} and target{place} = {classes[wrong[0]]}; "
            f"classes are from 0 to {count - 1}"
        )
        raise IndexingError(message)
    return classes


def class_shares(
    classes: Classes, kept: np.ndarray[Any, Any], weight: Tensor | None
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return how much each sample counts: the weight of its class, 0 if it is not kept."""
    shares = kept.astype(np.float64)
    if weight is not None:
        shares[kept] = weight.numpy()[classes[kept]]
    return shares


def _rows(input: Tensor) -> Tensor:
    """Return (N, C, *) as (N *, C)."""
    if input.ndim <= 2:  # noqa: PLR2004
        return input if input.ndim == 2 else input.unsqueeze(0)  # noqa: PLR2004
    order = (0, *range(2, input.ndim), 1)
    return input.permute(*order).reshape(-1, input.shape[1])


def _positions(data: Any, classes: Classes) -> Classes:
    down, right = data.strides
    rows = np.arange(len(classes), dtype=np.int64)
    return np.asarray(data.offset + rows * down + classes * right)
