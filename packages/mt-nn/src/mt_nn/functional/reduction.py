"""How the losses of samples become one number."""

from typing import Literal

from mt_nn.arguments import one_dtype
from mt_tensor import ShapeError, Tensor

Reduction = Literal["mean", "sum", "none"]


def reduced(operator: str, losses: Tensor, reduction: Reduction) -> Tensor:
    """Average losses, add them up, or leave them.

    Returns:
        Shape (1,), as of every full reduction; the losses themselves for `"none"`.

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


def alike(operator: str, input: Tensor, target: Tensor) -> None:
    """Refuse an input and a target that are not of one shape and one dtype.

    Broadcasting one of them would be an average over pairs that do not belong together.

    Raises:
        ShapeError: the shapes differ.
        DTypeError: the dtypes differ, or are no floats.
    """
    one_dtype(operator, input=input, target=target)
    if input.shape != target.shape:
        message = (
            f"{operator}: input is {input.shape} and target is {target.shape}; they must be equal"
        )
        raise ShapeError(message)
