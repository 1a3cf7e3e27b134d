"""Operators over tensors: `map` for one input, `zip` for several, after broadcasting.

The operands get one shape by views of stride 0, so a kernel never thinks of broadcasting. The
result has the dtype in which the operands meet; the result of a predicate is `bool`.
"""

from functools import cache, reduce
from typing import TYPE_CHECKING, TypeVar

from mt_autodiff import Elementwise, History, mode
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
    result = compute(op, tensors, bool_ if op.predicate else None)
    if mode.recording:
        for t in tensors:
            if t.history is not None:
                result.history = _history(op, tensors, result)
                break
    return result


def _history(op: Op, tensors: tuple[T, ...], result: T) -> History | None:
    if not op.differentiable:
        return None
    rule = _rule(op, tuple([t.history is not None for t in tensors]))
    if op.saves == "output":
        return History(rule, (result.detach(),), tensors)
    return History(rule, () if op.saves_nothing else tensors, tensors)


def compute(fn: "ElementFn", tensors: tuple[T, ...], dtype: DType | None = None) -> T:
    """Run a float function over tensors of one backend, without recording."""
    first = tensors[0]
    backend, a = first.backend, first.data
    shape, meet = a.shape, a.storage.dtype
    if len(tensors) == 1:
        out = backend.allocate(shape, dtype or floating(meet))
        backend.map(fn, out, a)
        return first._new(out)
    operands: list[TensorData] = []
    for t in tensors:
        b = t.data
        if b.shape != shape or b.storage.dtype is not meet:
            operands, shape, meet = _meet(fn, tensors)
            break
        operands.append(b)
    out = backend.allocate(shape, dtype or floating(meet))
    backend.zip(fn, out, *operands)
    return first._new(out)


def _meet(fn: "ElementFn", tensors: tuple[T, ...]) -> tuple[list[TensorData], Shape, DType]:
    """Bring operands to one shape by views, and find the dtype that can hold all of them."""
    operands = [t.data for t in tensors]
    name = fn.__name__  # type: ignore[union-attr]  # an Op has that of its function
    shape = broadcast_shapes(name, *[a.shape for a in operands])
    dtype = reduce(promote, [a.storage.dtype for a in operands])
    return [a.expand(shape) for a in operands], shape, dtype


@cache
def _rule(op: Op, needed: tuple[bool, ...]) -> Elementwise:
    return Elementwise(op, needed, compute)
