"""The affine map of a layer of neurons."""

from typing import Any

from mt_nn.arguments import one_dtype
from mt_operators import add
from mt_tensor import Context, Function, ShapeError, Tensor, TensorData


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
    if not _fit(input.data, weight.data, None if bias is None else bias.data):
        _check(input, weight, bias)
    rows = input if input.ndim == 2 else input.reshape(-1, input.shape[-1])  # noqa: PLR2004
    given = (rows, weight) if bias is None else (rows, weight, bias)
    mapped: Tensor = Linear.apply(*given)
    return mapped if input.ndim == 2 else mapped.view(*input.shape[:-1], len(weight))  # noqa: PLR2004


class Linear(Function):
    """The affine map of rows as one node of the graph: no view and no sum of its own."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, weight: Tensor, *bias: Tensor) -> Any:
        """Multiply (N, I) by the transpose of (O, I), and add the bias in place."""
        ctx.saved_values = x, weight
        shift = bias[0].data if bias else None
        return x._new(x.backend.product(x.data, weight.data, shift, turn_b=True))

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        r"""Return $GW$, $G^\top x$, and for the bias the sum of the rows of $G$."""
        (x, weight), needed = ctx.saved_values, ctx.needs_input_grad
        grad, backend = grad_output.data, x.backend
        by_x = by_weight = by_bias = None
        if needed[0]:
            by_x = x._new(backend.product(grad, weight.data))
        if needed[1]:
            by_weight = x._new(backend.product(grad, x.data, turn_a=True))
        if len(needed) == 2:  # noqa: PLR2004
            return by_x, by_weight
        if needed[2]:
            sums = backend.fold(add, grad, (0,))
            by_bias = x._new(sums.restrided(sums.shape[1:], (1,)))
        return by_x, by_weight, by_bias


def _fit(x: TensorData, weight: TensorData, bias: TensorData | None) -> bool:
    """Whether there is clearly nothing to refuse: the common case, in few looks."""
    dtype = x.storage.dtype
    return (
        len(weight.shape) == 2  # noqa: PLR2004
        and x.shape[-1:] == weight.shape[1:]
        and dtype.kind == "f"
        and weight.storage.dtype is dtype
        and (bias is None or (bias.shape == weight.shape[:1] and bias.storage.dtype is dtype))
    )


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
