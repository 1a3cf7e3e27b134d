"""Operators over tensors: computed by the backend, after broadcasting, and recorded.

A training step of a small network is made of these calls, and of little else; so each way is
written out, for one operand, for two and for any number.
"""

from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from mt_autodiff import Elementwise, History, mode
from mt_operators import Op

if TYPE_CHECKING:
    from mt_tensor.backend import ElementFn
    from mt_tensor.base import TensorBase


T = TypeVar("T", bound="TensorBase")

_data = attrgetter("data")


def unary(op: Op, a: T) -> T:
    """Apply an operator of one operand, and record it."""
    backend = a.backend
    result = type(a)(backend.elementwise(op, a.data), backend)
    if a.history is not None and mode.recording:
        _record(op, result, (a,), (True,))
    return result


def binary(op: Op, a: T, b: Any) -> T:
    """Apply an operator to a tensor and another, a number or an array, and record it.

    Raises:
        ShapeError: the shapes do not broadcast.
        BackendError: the other tensor lives on another backend.
    """
    backend = a.backend
    if type(b) is float or type(b) is int:
        b = a._new(a._number(b))
    elif type(b) is not type(a) or b.backend is not backend:
        a, b = a._admit((a, b))
        backend = a.backend
    result = type(a)(backend.elementwise(op, a.data, b.data), backend)
    if mode.recording:
        needed = a.history is not None, b.history is not None
        if True in needed:
            _record(op, result, (a, b), needed)
    return result


def elementwise(op: Op, *tensors: T) -> T:
    """Apply an operator to tensors of one backend, and record it.

    Raises:
        ShapeError: the shapes do not broadcast.
    """
    result = compute(op, tensors)
    if mode.recording:
        needed = tuple([t.history is not None for t in tensors])
        if True in needed:
            _record(op, result, tensors, needed)
    return result


def compute(fn: "ElementFn", tensors: tuple[T, ...]) -> T:
    """Run a float function over tensors of one backend, without recording."""
    first = tensors[0]
    backend = first.backend
    if len(tensors) == 2:  # noqa: PLR2004  most often; the others take longer
        data = backend.elementwise(fn, first.data, tensors[1].data)
    else:
        data = backend.elementwise(fn, *map(_data, tensors))
    return type(first)(data, backend)


def _record(op: Op, result: T, tensors: tuple[T, ...], needed: tuple[bool, ...]) -> None:
    """Give a result its history, if gradients can flow through the operator."""
    rule = _rule(op, needed)
    if rule is None:
        return
    saved: tuple[T, ...] = tensors
    if op.saves == "output":
        saved = (result._new(result.data),)
    elif op.saves_nothing:
        saved = ()
    result.history = History(rule, saved, tensors)


@cache
def _rule(op: Op, needed: tuple[bool, ...]) -> Elementwise | None:
    return Elementwise(op, needed, compute) if op.differentiable else None
