"""Hinge losses: what is right by a margin costs nothing."""

from mt_nn.functional.reduction import Reduction, alike, reduced
from mt_tensor import ShapeError, Tensor


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: Reduction = "mean"
) -> Tensor:
    r"""Return $x$ where the target is 1, and $\max(0, m - x)$ where it is -1.

    Args:
        input: distances, any shape.
        target: 1 or -1, the same shape.
        margin: $m$, the distance that is far enough.
        reduction: average over the elements, add them up, or keep them.

    Raises:
        ShapeError: the shapes differ.
        DTypeError: the dtypes differ.
        ValueError: `reduction` is none of the three.

    Source: `torch.nn.functional.hinge_embedding_loss`.
    """
    alike("hinge_embedding_loss", input, target)
    near = input.where(target != -1.0, 0.0)
    far = (margin - input).relu().where(target != 1.0, 0.0)
    return reduced("hinge_embedding_loss", near + far, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Return $\max(0, m - t (x_1 - x_2))$: the hinge loss of an order.

    Args:
        input1: scores, any shape.
        input2: scores, the same shape.
        target: 1 where the first should be larger, -1 where the second, the same shape.
        margin: $m$, by how much.
        reduction: average over the elements, add them up, or keep them.

    Raises:
        ShapeError: the shapes differ.
        DTypeError: the dtypes differ.
        ValueError: `reduction` is none of the three.

    Source: `torch.nn.functional.margin_ranking_loss`.
    """
    alike("margin_ranking_loss", input1, target)
    if input1.shape != input2.shape:
        message = f"margin_ranking_loss: input1 is {input1.shape} and input2 is {input2.shape}"
        raise ShapeError(message)
    losses = (margin - target * (input1 - input2)).relu()
    return reduced("margin_ranking_loss", losses, reduction)
