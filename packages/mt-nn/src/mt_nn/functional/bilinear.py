"""The affine map of pairs."""

from mt_nn.arguments import one_dtype
from mt_tensor import ShapeError, Tensor


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""Weigh every pair of inputs, $y_o = \sum_{ij} x_i W_{oij} z_j + b_o$.

    Args:
        input1: shape (*, I).
        input2: shape (*, J).
        weight: shape (O, I, J).
        bias: shape (O,).

    Returns:
        Shape (*, O), in $2 O I J$ FLOPs for each row.

    Raises:
        ShapeError: the shapes do not fit.
        DTypeError: the dtypes differ.

    Source: `torch.nn.functional.bilinear`.
    """
    one_dtype("bilinear", input1=input1, input2=input2, weight=weight, bias=bias)
    wanted = (*input1.shape[-1:], *input2.shape[-1:])
    if weight.shape[1:] != wanted or input1.shape[:-1] != input2.shape[:-1] or len(wanted) != 2:  # noqa: PLR2004
        message = (
            f"bilinear: input1 is {input1.shape}, input2 is {input2.shape} and weight is "
            f"{weight.shape}, not (*, I), (*, J), (O, I, J)"
        )
        raise ShapeError(message)
    if bias is not None and bias.shape != weight.shape[:1]:
        message = f"bilinear: bias is {bias.shape}; it must be {weight.shape[:1]}"
        raise ShapeError(message)
    lead = input1.shape[:-1]
    rows, others = input1.reshape(-1, 1, 1, wanted[0]), input2.reshape(-1, 1, wanted[1], 1)
    result = (rows @ weight @ others).reshape(*lead, weight.shape[0])
    return result if bias is None else result + bias
