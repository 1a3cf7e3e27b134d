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
    if not _fit(input, weight, bias):
        _check(input, weight, bias)
    if input.ndim == 2:  # noqa: PLR2004
        return _rows(input, weight, bias)
    rows = _rows(input.reshape(-1, input.shape[-1]), weight, bias)
    return rows.view(*input.shape[:-1], len(weight))


def _rows(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Multiply (N, I) by the transpose of (O, I), and add the bias."""
    a, b = x.data, weight.data
    if bias is None:
        return recorded(LINEAR, x.backend.product(a, b, turn_b=True), (x, weight), (a, b))
    y = x.backend.product(a, b, bias.data, turn_b=True)
    return recorded(LINEAR, y, (x, weight, bias), (a, b))


class Linear(DataRule):
    """The affine map of rows as one node of the graph: no view and no sum of its own."""

    __name__ = "Linear"

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: Backend
    ) -> Shares:
        r"""Give $GW$, $G^\top x$, and to the bias the sum of the rows of $G$."""
        (a, b), x, weight = saved, inputs[0], inputs[1]
        shares = []
        if x.history is not None:
            shares.append((x, backend.product(grad, b)))
        if weight.history is not None:
            shares.append((weight, backend.product(grad, a, turn_a=True)))
        if len(inputs) > 2 and (bias := inputs[2]).history is not None:  # noqa: PLR2004
            sums = backend.fold(add, grad, (0,))
            shares.append((bias, sums.restrided(bias.data.shape, (1,))))
        return shares


LINEAR = Linear()


def _fit(x: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    """Whether there is clearly nothing to refuse: the common case, in few looks."""
    a, b, backend = x.data, weight.data, x.backend
    dtype, shape = a.storage.dtype, b.shape
    if len(shape) != 2 or a.shape[-1:] != shape[1:] or dtype.kind != "f":  # noqa: PLR2004
        return False
    if b.storage.dtype is not dtype or weight.backend is not backend:
        return False
    if bias is None:
        return True
    c = bias.data
    return c.shape == shape[:1] and c.storage.dtype is dtype and bias.backend is backend


def _check(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    input._admit((input, weight) if bias is None else (input, weight, bias))
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
