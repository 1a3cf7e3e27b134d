"""The affine map of a layer of neurons."""

from mt_nn.arguments import one_dtype
from mt_tensor import ShapeError, Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""Multiply by a matrix and shift, $y = x W^\top + b$.

    Args:
        input: shape (*, I).
        weight: shape (O, I).
        bias: shape (O,).

    Returns:
        Shape (*, O), in $2 I O$ FLOPs for each row.

    Raises:
        ShapeError: `weight` is not a matrix, the two `I` differ, or the bias does not fit.
        DTypeError: the dtypes differ.

    Source: `torch.nn.functional.linear`.
    """
    _check(input, weight, bias)
    rows = input if input.ndim <= 2 else input.reshape(-1, input.shape[-1])  # noqa: PLR2004
    product = rows @ weight.permute(1, 0)
    shifted = product if bias is None else product + bias
    return shifted if input.ndim <= 2 else shifted.view(*input.shape[:-1], -1)  # noqa: PLR2004


def _check(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    one_dtype("linear", input=input, weight=weight, bias=bias)
    if weight.ndim != 2 or not input.ndim:  # noqa: PLR2004
        message = f"linear: input is {input.shape} and weight is {weight.shape}, not (*, I), (O, I)"
        raise ShapeError(message)
    if input.shape[-1] != weight.shape[1]:
        message = (
            f"linear: input is {input.shape} and weight is {weight.shape}; input.shape[-1] = "
            f"{input.shape[-1]} must equal weight.shape[1] = {weight.shape[1]}"
        )
        raise ShapeError(message)
    if bias is not None and bias.shape != weight.shape[:1]:
        message = (
            f"linear: weight is {weight.shape} and bias is {bias.shape}; "
            f"bias must be ({weight.shape[0]},)"
        )
        raise ShapeError(message)
