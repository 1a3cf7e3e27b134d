"""The negative log-likelihood: how unlikely a network holds the true class."""

from functools import partial
from typing import Any

import numpy as np

from mt_nn.arguments import one_dtype
from mt_nn.functional.reduction import Reduction, reduced
from mt_operators import add, div
from mt_tensor import (
    Backend,
    CaptureError,
    Context,
    DTypeError,
    Function,
    IndexingError,
    ShapeError,
    Tensor,
    TensorData,
    each_time,
    is_capturing,
    tensor,
)
from mt_tensor.functions.rule import DataRule, Shares, recorded

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
    if weight is None and counts_all("nll_loss", input, target, ignore_index):
        rows, read = _rows(input), _flat(target, input.backend)
        if reduction in {"mean", "sum"}:
            count = float(read.size) if reduction == "mean" else 1.0
            return _likelihood_loss(rows, read, count)
        plain: Tensor = -PickClass.apply(rows, classes=read)
        return reduced("nll_loss", plain.view(*target.shape), reduction)
    classes = checked_classes("nll_loss", input, target, ignore_index)
    kept = classes != ignore_index
    shares = class_shares(classes, kept, weight)
    known = tensor(np.where(kept, classes, 0), backend=input.backend)
    picked: Tensor = PickClass.apply(_rows(input), classes=known.data)
    used = tensor(shares != 0.0, backend=input.backend)
    scaled = tensor(shares.astype(input.dtype), backend=input.backend)
    losses = (-picked.where(used, 0.0) * scaled).view(*target.shape)
    if reduction == "mean":
        return losses.sum() / float(shares.sum())
    return reduced("nll_loss", losses, reduction)


class LikelihoodLoss(DataRule):
    """The sum of one element of each row, by the negative of a number."""

    __name__ = "LikelihoodLoss"

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: Backend
    ) -> Shares:
        """Put the same share where each element was read; no place is read twice."""
        (x,), (classes, by) = inputs, saved
        share = backend.elementwise(div, grad, by)
        out = backend.allocate(x.data.shape, grad.storage.dtype)
        backend.pick_by_input(out, share.expand(classes.shape), classes)
        return [(x, out)]


LIKELIHOOD_LOSS = LikelihoodLoss()


def _likelihood_loss(x: Tensor, classes: TensorData, count: float) -> Tensor:
    """Return the sum of element `classes[n]` of each row `n`, by `-count`; shape (1,)."""
    backend, by = x.backend, x._number(-count)
    picked = backend.allocate(classes.shape, x.data.storage.dtype)
    backend.pick(picked, x.data, classes)
    loss = backend.elementwise(div, backend.fold(add, picked, (0,)), by)
    return recorded(LIKELIHOOD_LOSS, loss, (x,), (classes, by))


class PickClass(Function):
    """Read one column of each row."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, *, classes: TensorData) -> Any:
        """Return element `classes[n]` of row `n`, shape (N,)."""
        ctx.shape = x.shape
        ctx.classes = classes
        out = x.backend.allocate(classes.shape, x.dtype)
        x.backend.pick(out, x.data, classes)
        return x._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Put each gradient where its element was read; no place is read twice."""
        out = grad_output.backend.allocate(ctx.shape, grad_output.dtype)
        grad_output.backend.pick_by_input(out, grad_output.data, ctx.classes)
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


def counts_all(operator: str, input: Tensor, target: Tensor, ignore_index: int) -> bool:
    """Check the classes, and tell whether all of them count.

    In a captured step they do, or it raises: which operations come next cannot depend on them.

    Raises:
        DTypeError: they are no integers.
        IndexingError: one is neither a class of the input nor `ignore_index`.
        CaptureError: one is `ignore_index`, in a captured step.
    """
    _check_integers(operator, target)
    if is_capturing():
        each_time(partial(_check_all_count, operator, input.shape, ignore_index), target)
        return True
    classes = target.numpy()
    if _all_known(input.shape, ignore_index, classes):
        return True
    _check_range(operator, input.shape, ignore_index, classes)
    return not (classes == ignore_index).any()


def checked_classes(operator: str, input: Tensor, target: Tensor, ignore_index: int) -> Classes:
    """Return the classes as a flat array.

    Raises:
        DTypeError: they are no integers.
        IndexingError: one is neither a class of the input nor `ignore_index`.
    """
    _check_integers(operator, target)
    classes = target.numpy()
    _check_range(operator, input.shape, ignore_index, classes)
    return classes.reshape(-1)


def _check_integers(operator: str, target: Tensor) -> None:
    if target.dtype.kind != "i":
        message = f"{operator}: target is {target.dtype}; classes are integers: .to('int64')"
        raise DTypeError(message)


def _all_known(shape: tuple[int, ...], ignore_index: int, classes: Classes) -> bool:
    """Whether clearly all classes are in range and count: the common case, in one pass."""
    count = shape[0] if len(shape) == 1 else shape[1]
    # Without their signs, those below 0 are larger than any count.
    known = (classes.view(np.uint64) < np.uint64(count)).all()
    return bool(known) and not 0 <= ignore_index < count


def _check_range(
    operator: str, shape: tuple[int, ...], ignore_index: int, classes: Classes
) -> None:
    count = shape[0] if len(shape) == 1 else shape[1]
    wrong = ((classes < 0) | (classes >= count)) & (classes != ignore_index)
    if wrong.any():
        place = [int(i[0]) for i in np.nonzero(np.atleast_1d(wrong))][: classes.ndim]
        message = (
            f"{operator}: input is {shape} and target{place} = {classes[tuple(place)]}; "
            f"classes are from 0 to {count - 1}"
        )
        raise IndexingError(message)


def _check_all_count(
    operator: str, shape: tuple[int, ...], ignore_index: int, classes: Classes
) -> None:
    if _all_known(shape, ignore_index, classes):
        return
    _check_range(operator, shape, ignore_index, classes)
    if (classes == ignore_index).any():
        message = f"{operator}: target holds ignore_index {ignore_index}, in a captured step"
        raise CaptureError(message)


def class_shares(
    classes: Classes, kept: np.ndarray[Any, Any], weight: Tensor | None
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return how much each sample counts: the weight of its class, 0 if it is not kept."""
    shares = kept.astype(np.float64)
    if weight is not None:
        shares[kept] = weight.numpy()[classes[kept]]
    return shares


def _flat(target: Tensor, backend: Backend) -> TensorData:
    """Return the classes in one row, where the input lives."""
    if target.backend is backend and len(target.data.shape) == 1:
        return target.data
    return target.to(backend).reshape(-1).data


def _rows(input: Tensor) -> Tensor:
    """Return (N, C, *) as (N *, C)."""
    if input.ndim <= 2:  # noqa: PLR2004
        return input if input.ndim == 2 else input.unsqueeze(0)  # noqa: PLR2004
    order = (0, *range(2, input.ndim), 1)
    return input.permute(*order).reshape(-1, input.shape[1])
