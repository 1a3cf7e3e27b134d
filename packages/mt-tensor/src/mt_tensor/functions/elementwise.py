"""Operators over tensors: computed by the backend, after broadcasting, and recorded.

A training step of a small network is made of these calls, and of little else; so each way is
written out, for one operand, for two and for any number.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from mt_autodiff import History, mode
from mt_operators import Op
from mt_operators.op import one, zero
from mt_tensor.functions.rule import DataRule, Shares
from mt_tensor.tensor_data import LARGE, TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend
    from mt_tensor.base import TensorBase


T = TypeVar("T", bound="TensorBase")
Saved = tuple[TensorData, ...]


class Elementwise(DataRule):
    """An operator as a rule of the graph: each share is `d * partial`.

    What it saves is the data that its partials take.

    Args:
        op: the operator.
    """

    __slots__ = ("__name__", "_only", "_pullbacks", "op", "saves")

    def __init__(self, op: Op) -> None:
        """Derive the rule from the operator."""
        self.op = op
        self.__name__ = op.name
        self.saves = "nothing" if op.saves_nothing else op.saves
        both = zip(range(op.arity), op.partials, op.pullbacks, strict=True)
        self._pullbacks = [(i, p is one, pull) for i, p, pull in both if p is not zero]
        self._only = None if self.saves == "nothing" or op.arity > 1 else op.pullbacks[0]

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: "Backend"
    ) -> Shares:
        """Return each input that wants a gradient, with its share."""
        if self._only is not None:  # most often: an activation
            return [(inputs[0], backend.elementwise(self._only, grad, saved[0]))]
        shares = []
        for i, passed, pullback in self._pullbacks:
            v = inputs[i]
            if v.history is None:
                continue
            if passed:
                share = grad
            elif len(saved) == 2:  # noqa: PLR2004  a call with an asterisk takes 0.15 us longer
                share = backend.elementwise(pullback, grad, saved[0], saved[1])
            else:
                share = backend.elementwise(pullback, grad, *saved)
            shares.append((v, share))
        return shares

    def shares_over(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: "Backend"
    ) -> Shares:
        """Return the same; that of an activation may lie where `grad` does."""
        if self._only is None:
            return self.shares(inputs, saved, grad, backend)
        return [(inputs[0], backend.replaced(self._only, grad, saved[0]))]


@cache
def rule_of(op: Op) -> Elementwise | None:
    """Return the rule of an operator; None if no gradient flows through it."""
    return Elementwise(op) if op.differentiable else None


def unary(op: Op, a: T) -> T:
    """Apply an operator of one operand, and record it."""
    given = a.data
    result = a._new(a.backend.elementwise(op, given))
    if a.history is not None and mode.recording:
        result.history = _history(op, (given,), result.data, (a,))
    return result


def binary(op: Op, a: T, b: Any) -> T:
    """Apply an operator to a tensor and another, a number or an array, and record it.

    Raises:
        ShapeError: the shapes do not broadcast.
        BackendError: the other tensor lives on another backend.
    """
    if type(b) is float or type(b) is int:
        b = a._new(a._number(b))
    elif type(b) is not type(a) or b.backend is not a.backend:
        a, b = a._admit((a, b))
    x, y = a.data, b.data
    result = a._new(a.backend.elementwise(op, x, y))
    if (a.history is not None or b.history is not None) and mode.recording:
        result.history = _history(op, (x, y), result.data, (a, b))
    return result


def elementwise(op: Op, *tensors: T) -> T:
    """Apply an operator to tensors of one backend, and record it.

    Raises:
        ShapeError: the shapes do not broadcast.
    """
    first = tensors[0]
    given = tuple([t.data for t in tensors])
    result = first._new(first.backend.elementwise(op, *given))
    if mode.recording and any(t.history is not None for t in tensors):
        result.history = _history(op, given, result.data, tensors)
    return result


def _history(
    op: Op, given: Saved, result: TensorData, tensors: tuple["TensorBase", ...]
) -> History | None:
    """Note how a result was computed, if gradients can flow through the operator."""
    rule = rule_of(op)
    if rule is None:
        return None
    if rule.saves == "inputs":
        return History(rule, given, tensors)
    saved = (result,) if rule.saves == "output" else ()
    if len(result.storage) < LARGE:
        return History(rule, saved, tensors)
    return History(rule, saved, tuple([t._edge() for t in tensors]))
