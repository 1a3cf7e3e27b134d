r"""An operator on scalars as a rule of the graph: each input's share is $d \cdot \partial f$.

What the rule keeps from forward to backward are the numbers that its partials are functions of. A
scalar engine spends its time on the way from one node to the next, so the rule of an operator of
one or two inputs prepares a function that reads them from the node, and looks nothing up on the
way.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from mt_autodiff.history import History
from mt_autodiff.variable import Variable
from mt_operators import Op, zero

if TYPE_CHECKING:
    from mt_autodiff.scalar_node import ScalarNode

Saved = tuple[float, ...]
Shares = Iterable[tuple[Variable, float]]
Share = Callable[["ScalarNode", float], Shares]


class ScalarRule:
    """A rule of scalars that gives all inputs their shares at once; for a function of many.

    Attributes:
        shares: from a history and the gradient of the result, the inputs that want a gradient,
            each with its share of it.
    """

    __slots__ = ("__name__", "shares")

    def __init__(self, name: str, shares: Callable[[History, float], Shares]) -> None:
        """Name a rule, which is what drawings and errors call it."""
        self.__name__ = name
        self.shares = shares

    def backward(self, ctx: Saved, grad_output: float) -> tuple[float | None, ...]:
        """Return the gradient by each input, None where it is zero everywhere."""
        message = f"{self.__name__}: its rule defines no backward"
        raise NotImplementedError(message)


class OpRule:
    """The rule of an operator.

    Attributes:
        op: the operator.
        shares: from a node that holds its operands, and its gradient: the inputs that want one,
            each with its share. None where a node cannot hold what the backward needs: the operator
            has three inputs, or two and keeps its result, or one that never gets a gradient.
        freed: the history of a node that was gone through.
    """

    __slots__ = ("__name__", "freed", "op", "shares")

    def __init__(self, op: Op) -> None:
        """Prepare the rule of an operator."""
        self.__name__ = op.name
        self.op = op
        self.shares = _shares(op)
        self.freed = History(self)

    def saved(self, inputs: Saved, output: float) -> Saved:
        """Choose what the backward will need."""
        return inputs if self.op.saves == "inputs" else (output,)

    def backward(self, ctx: Saved, grad_output: float) -> tuple[float | None, ...]:
        """Return the gradient by each input, None where it is zero everywhere."""
        partials = self.op.partials
        return tuple(None if p is zero else grad_output * p(*ctx) for p in partials)


@cache
def scalar_rule(op: Op) -> OpRule:
    """Return the rule of an operator, always the same one."""
    return OpRule(op)


def _shares(op: Op) -> Share | None:
    if op.arity == 1:
        return _of_one(op)
    if op.arity > 2 or op.saves == "output" or zero in op.partials:  # noqa: PLR2004
        return None
    return _passed_through if op.saves_nothing else _of_two(op)


def _passed_through(node: "ScalarNode", d: float) -> Shares:
    """Give every input the whole gradient, as addition does."""
    return zip(node._sources(), (d, d), strict=False)


def _of_one(op: Op) -> Share:
    (partial,) = op.partials

    def shares(node: "ScalarNode", d: float) -> Shares:
        return [(source, d * partial(node.x)) for source in node._sources()]

    return shares


def _of_two(op: Op) -> Share:
    by_x, by_y = op.partials

    def shares(node: "ScalarNode", d: float) -> Shares:
        x, y, sources = node.x, node.y, node._sources()
        if len(sources) == 2:  # noqa: PLR2004  both
            left, right = sources
            return (left, d * by_x(x, y)), (right, d * by_y(x, y))
        return [(s, d * (by_x if s is node.left else by_y)(x, y)) for s in sources]

    return shares
