"""How an operator becomes a method of `Scalar`: with one operand, with two, or reflected.

A scalar program makes millions of small nodes, so these closures do what `Scalar.__apply_op__`
does with everything that can be looked up beforehand looked up.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mt_autodiff.history import History
from mt_autodiff.mode import mode
from mt_autodiff.scalar_rule import scalar_rule
from mt_autodiff.variable import next_id
from mt_operators import Op

if TYPE_CHECKING:
    from mt_autodiff.scalar import Scalar

_allocate = object.__new__


def node(kind: "type[Scalar]", data: float, history: History | None) -> "Scalar":
    """Make the result of an operator; the constructor is for users, and checks its arguments."""
    made = _allocate(kind)
    made.data = data
    made.history = history
    made.derivative = None
    made.given_name = ""
    made.unique_id = next_id()
    return made


def unary(op: Op) -> Callable[["Scalar"], "Scalar"]:
    """Make the method of an operator of one input."""
    forward, rule, differentiable = op.forward, scalar_rule(op), op.differentiable
    saves_inputs = op.saves == "inputs"

    def method(self: "Scalar") -> "Scalar":
        x = self.data
        data = forward(x)
        if self.history is None or not (differentiable and mode.recording):
            return node(type(self), data, None)
        saved = (x if saves_inputs else data,)
        return node(type(self), data, History(rule, saved, (self,)))

    _name(method, op)
    return method


def binary(op: Op) -> Callable[["Scalar", Any], "Scalar"]:
    """Make the method of an operator of two inputs, of which the second may be a number."""
    forward, rule, differentiable = op.forward, scalar_rule(op), op.differentiable
    saves_nothing, saves_inputs = op.saves_nothing, op.saves == "inputs"

    def method(self: "Scalar", other: Any) -> "Scalar":
        if type(other) is not type(self):
            other = self.operand(other)
            if other is NotImplemented:
                return other  # type: ignore[no-any-return]  # Python asks the other operand
        x, y = self.data, other.data
        data = forward(x, y)
        wanted = self.history is not None or other.history is not None
        if not (wanted and differentiable and mode.recording):
            return node(type(self), data, None)
        saved = () if saves_nothing else (x, y) if saves_inputs else (data,)
        return node(type(self), data, History(rule, saved, (self, other)))

    _name(method, op)
    return method


def reflected(op: Op) -> Callable[["Scalar", Any], "Scalar"]:
    """Make the method that Python calls for `number op scalar`."""
    apply = binary(op)

    def method(self: "Scalar", other: Any) -> "Scalar":
        left = self.operand(other)
        return left if left is NotImplemented else apply(left, self)

    _name(method, op)
    return method


def _name(method: Any, op: Op) -> None:
    method.__name__ = method.__qualname__ = op.name
    method.__doc__ = op.__doc__
