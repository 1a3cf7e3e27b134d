"""The affine map of a layer of neurons."""

from typing import Any

from mt_nn.arguments import one_dtype
from mt_operators import add
from mt_tensor import Backend, ShapeError, Tensor, TensorData
from mt_tensor.functions.rule import DataRule, Shares, recorded


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
    if input.ndim == 2:  # noqa: PLR2004
        return _rows(input, weight, bias)
    rows = _rows(input.reshape(-1, input.shape[-1]), weight, bias)
    return rows.view(*input.shape[:-1], len(weight))


def _rows(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Multiply (N, I) by the transpose of (O, I), and add the bias."""
    given = x._admit((x, weight) if bias is None else (x, weight, bias))
    a, b = x.data, weight.data
    y = x.backend.product(a, b, None if bias is None else bias.data, turn_b=True)
    return recorded(LINEAR, y, given, (a, b))


class Linear(DataRule):
    """The affine map of rows as one node of the graph: no view and no sum of its own."""

    __name__ = "Linear"

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: Backend
    ) -> Shares:
        r"""Give $GW$, $G^\top x$, and to the bias the sum of the rows of $G$."""
        (x, weight, *bias), (a, b) = inputs, saved
        shares = []
        if x.history is not None:
            shares.append((x, backend.product(grad, b)))
        if weight.history is not None:
            shares.append((weight, backend.product(grad, a, turn_a=True)))
        if bias and bias[0].history is not None:
            sums = backend.fold(add, grad, (0,))
            shares.append((bias[0], sums.restrided(sums.shape[1:], (1,))))
        return shares


LINEAR = Linear()


def _fit(x: TensorData, weight: TensorData, bias: TensorData | None) -> bool:
    """Whether there is clearly nothing to refuse: the common case, in few looks."""
    dtype, shape = x.storage.dtype, weight.shape
    return (
        len(shape) == 2  # noqa: PLR2004
        and x.shape[-1:] == shape[1:]
        and weight.storage.dtype is dtype
        and dtype.kind == "f"
        and (bias is None or (bias.shape == shape[:1] and bias.storage.dtype is dtype))
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
