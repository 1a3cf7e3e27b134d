"""Operators over tensors: `map` for one input, `zip` for several, after broadcasting.

The operands get one shape by views of stride 0, so a kernel never thinks of broadcasting. The
result has the dtype in which the operands meet; the result of a predicate is `bool`.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from mt_autodiff import Context, Elementwise, History, mode
from mt_operators import Op
from mt_tensor.dtypes import DType, bool_, floating, promote
from mt_tensor.layout import Shape, broadcast_shapes
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import ElementFn
    from mt_tensor.base import TensorBase


T = TypeVar("T", bound="TensorBase")


def elementwise(op: Op, *tensors: T) -> T:
    """Apply an operator to tensors of one backend, and record it.

    Raises:
        ShapeError: the shapes do not broadcast.
    """
    first = tensors[0]
    data = compute(op, op.name, tensors, bool_ if op.predicate else None)
    result = first._new(data)
    if op.differentiable and mode.recording:
        needs = tuple([t.history is not None for t in tensors])
        if True in needs:
            ctx = Context(needs)
            if not op.saves_nothing:
                ctx.saved_values = tensors if op.saves == "inputs" else (first._new(data),)
            result.history = History(_rule(op), ctx, tensors)
    return result


def compute(
    fn: "ElementFn", name: str, tensors: "tuple[TensorBase, ...]", dtype: DType | None = None
) -> TensorData:
    """Run a float function over tensors of one backend, without recording."""
    operands = [t.data for t in tensors]
    shape = operands[0].shape
    meet = operands[0].storage.dtype
    for a in operands[1:]:
        meet = promote(meet, a.storage.dtype)
        if a.shape != shape:
            operands, shape = _broadcast(name, operands)
    backend = tensors[0].backend
    out = backend.allocate(shape, floating(meet) if dtype is None else dtype)
    if len(operands) == 1:
        backend.map(fn, out, operands[0])
    else:
        backend.zip(fn, out, *operands)
    return out


def _broadcast(name: str, operands: list[TensorData]) -> tuple[list[TensorData], Shape]:
    shape = broadcast_shapes(name, *(a.shape for a in operands))
    return [a.expand(shape) for a in operands], shape


@cache
def _rule(op: Op) -> Elementwise:
    return Elementwise(op, _call)


def _call(fn: Callable[..., float], *tensors: T) -> T:
    return tensors[0]._new(compute(fn, fn.__name__, tensors))
