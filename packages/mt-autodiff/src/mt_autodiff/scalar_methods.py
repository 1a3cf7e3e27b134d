"""How an operator becomes a method of `Scalar`: with one operand, with two, or reflected.

A scalar program makes millions of small nodes, so these closures do what `Scalar.__apply_op__`
does for any operator with everything looked up beforehand that can be.
"""

from collections.abc import Callable
from functools import cache
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar

from mt_autodiff.history import History
from mt_autodiff.mode import mode
from mt_autodiff.scalar_node import ScalarNode, node, nodes, operation
from mt_autodiff.scalar_rule import scalar_rule
from mt_operators import Op

if TYPE_CHECKING:
    from mt_autodiff.scalar import Scalar

Method = TypeVar("Method", bound=Callable[..., Any])


@cache
def unary(op: Op) -> Callable[["Scalar"], "Scalar"]:
    """Make the method of an operator of one input."""
    forward, rule, differentiable = op.forward, scalar_rule(op), op.differentiable
    saves_inputs = op.saves == "inputs"

    def method(self: Any) -> Any:
        x = self.data
        data = forward(x)
        if self.made_by is None or not (differentiable and mode.recording):
            return node(type(self), data, None)
        return operation(type(self), data, rule, self, x if saves_inputs else data, None, 0.0)

    return _named(method, op)


@cache
def binary(op: Op) -> Callable[["Scalar", Any], "Scalar"]:
    """Make the method of an operator of two inputs, of which the second may be a number."""
    apply = _of_two(op)

    def method(self: Any, other: Any) -> Any:
        if type(other) is type(self):
            return apply(type(self), self, self.data, other, other.data)
        right, y = _operand(other)
        return y if y is NotImplemented else apply(type(self), self, self.data, right, y)

    return _named(method, op)


@cache
def reflected(op: Op) -> Callable[["Scalar", Any], "Scalar"]:
    """Make the method that Python calls for `number op scalar`."""
    apply = _of_two(op)

    def method(self: Any, other: Any) -> Any:
        left, x = _operand(other)
        return x if x is NotImplemented else apply(type(self), left, x, self, self.data)

    return _named(method, op)


def _of_two(op: Op) -> Callable[..., Any]:
    forward, rule, differentiable = op.forward, scalar_rule(op), op.differentiable

    def apply(kind: Any, left: Any, x: float, right: Any, y: float) -> Any:
        data = forward(x, y)
        wanted = (left is not None and left.made_by) or (right is not None and right.made_by)
        if not (wanted and differentiable and mode.recording):
            return node(kind, data, None)
        if rule.shares is not None:
            return operation(kind, data, rule, left, x, right, y)
        inputs = nodes(kind, (left, x), (right, y))
        return node(kind, data, History(rule, rule.saved((x, y), data), inputs))

    return apply


def _operand(value: Any) -> tuple[ScalarNode | None, Any]:
    """Split an operand into its node and its value; for a number there is no node."""
    if isinstance(value, (float, int)):
        return None, float(value)
    if isinstance(value, ScalarNode):
        return value, value.data
    return None, float(value) if isinstance(value, Real) else NotImplemented


def _named(method: Method, op: Op) -> Method:
    method.__name__ = method.__qualname__ = op.name
    method.__doc__ = op.__doc__
    return method
