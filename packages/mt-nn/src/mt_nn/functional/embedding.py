"""Embedding: reading rows of a table by number, with a gradient to the rows that were read."""

from functools import partial
from typing import Any

import numpy as np

from mt_nn.arguments import one_dtype
from mt_tensor import (
    Context,
    DTypeError,
    Function,
    IndexingError,
    ShapeError,
    Tensor,
    TensorData,
    each_time,
)
from mt_tensor.defaults.windows import clear

Rows = np.ndarray[Any, np.dtype[np.int64]]


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Replace each number by the row of a table.

    Args:
        input: integers from 0 to V - 1, any shape.
        weight: the table, shape (V, D).
        padding_idx: a row that gets no gradient; from the end if negative.

    Returns:
        Shape (*input.shape, D).

    Raises:
        ShapeError: the table is not a matrix.
        DTypeError: the input does not hold integers.
        IndexingError: there is no such row.

    Source: `torch.nn.functional.embedding`.
    """
    one_dtype("embedding", weight=weight)
    if weight.ndim != 2:  # noqa: PLR2004
        message = f"embedding: weight is {weight.shape}; it must be (V, D)"
        raise ShapeError(message)
    if input.dtype.kind != "i":
        message = f"embedding: input is {input.dtype}; rows are counted by integers: .to('int64')"
        raise DTypeError(message)
    padding = padding_row(weight.shape[0], padding_idx)
    return Embedding.apply(input, weight, padding=padding)  # type: ignore[no-any-return]


class Embedding(Function):
    """Gather rows; its adjoint adds each gradient to the row that was read."""

    @staticmethod
    def forward(ctx: Context, input: Tensor, weight: Tensor, *, padding: int | None) -> Any:
        """Read the rows."""
        each_time(partial(_check_rows, weight.shape), input)
        rows = _flat(input, (input.size,))
        ctx.shape, ctx.rows, ctx.padding = weight.shape, rows, padding
        out = weight.backend.allocate((*input.shape, weight.shape[1]), weight.dtype)
        lines = out.restrided((*rows.shape, weight.shape[1]), (weight.shape[1], 1))
        weight.backend.take_rows(lines, weight.data, rows)
        return weight._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Add up by row, but for the row of the padding."""
        backend = grad_output.backend
        out = backend.full(ctx.shape, 0.0, grad_output.dtype)
        lines = _flat(grad_output, (*ctx.rows.shape, ctx.shape[1]))
        backend.add_rows(out, ctx.rows, lines)
        if ctx.padding is not None:
            clear(backend, out.narrow(0, ctx.padding, 1))
        return None, grad_output._new(out)


def _flat(a: Tensor, shape: tuple[int, ...]) -> TensorData:
    """Return the elements as `shape`, where they are if they lie so."""
    view = a.data.view(shape)
    return a.reshape(*shape).data if view is None else view


def padding_row(rows: int, padding_idx: int | None) -> int | None:
    """Return the row of the padding counted from the front.

    Raises:
        IndexingError: there is no such row.
    """
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        message = f"embedding: padding_idx {padding_idx} is out of range for {rows} rows"
        raise IndexingError(message)
    return padding_idx % rows


def _check_rows(shape: tuple[int, ...], rows: Rows) -> None:
    wrong = (rows < 0) | (rows >= shape[0])
    if wrong.any():
        index = [int(i[0]) for i in np.nonzero(np.atleast_1d(wrong))][: rows.ndim]
        message = (
            f"embedding: input{index} = {rows[tuple(index)]} is out of range for weight of "
            f"{shape}: rows are from 0 to {shape[0] - 1}"
        )
        raise IndexingError(message)
