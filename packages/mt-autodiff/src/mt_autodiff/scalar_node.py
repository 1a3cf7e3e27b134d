"""A scalar as a node of the graph: one object for its value and for how it was computed.

Python's garbage collector goes through all that is alive again and again while a graph grows, so a
node costs by the objects that it is made of. A scalar therefore holds the operands of its operator
itself, and a `History` is made of them for whoever asks. Only functions of three inputs and more
make one from the start.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from mt_autodiff.history import History
from mt_autodiff.scalar_rule import OpRule, ScalarRule
from mt_autodiff.variable import Variable, next_id

_allocate = object.__new__

Kind = TypeVar("Kind", bound="ScalarNode")


class ScalarNode(Variable):
    """What the engine sees of a `Scalar`.

    Attributes:
        data: its value.
        derivative: what backward adds to, if it is a leaf.
        given_name: the name that a user gave it, or an empty text.
        made_by: None for a constant; the rule of the operator that made it from `left` and `right`;
            else its history.
        left: the first operand; None where that was a number.
        right: the second operand; None where that was a number, or where there is none.
        x: the value of the first operand, or the result where that is what the rule keeps.
        y: the value of the second operand.
    """

    __slots__ = ("data", "derivative", "given_name", "left", "made_by", "right", "x", "y")

    data: float
    derivative: float | None
    given_name: str
    made_by: OpRule | History | None
    left: "ScalarNode | None"
    right: "ScalarNode | None"
    x: float
    y: float

    @property
    def history(self) -> History | None:
        """How it was computed; None for a constant."""
        if isinstance(self.made_by, OpRule):
            self.made_by = self._history(self.made_by)
            self.left = self.right = None
        return self.made_by

    @history.setter
    def history(self, history: History | None) -> None:
        self.made_by = history

    def is_constant(self) -> bool:
        """Whether no gradient flows into it."""
        return self.made_by is None

    def is_leaf(self) -> bool:
        """Whether a user made it, so that its derivative is kept."""
        made_by = self.made_by
        return isinstance(made_by, History) and made_by.last_fn is None

    def chain_rule(self, grad_output: float) -> Iterable[tuple[Variable, float]]:
        """Return each input that wants a gradient, with this node's contribution to it.

        Raises:
            GradientError: as `Variable.chain_rule`.
        """
        made_by = self.made_by
        if type(made_by) is OpRule:
            return made_by.shares(self, grad_output)  # type: ignore[misc]  # it made this node
        history: Any = made_by
        if history is None or history.ctx is None or not isinstance(history.last_fn, ScalarRule):
            return super().chain_rule(grad_output)
        return history.last_fn.shares(history, grad_output)

    def _sources(self) -> Sequence[Variable]:
        if type(self.made_by) is not OpRule:
            return super()._sources()
        left, right = self.left, self.right
        if right is None or right.made_by is None:
            return () if left is None or left.made_by is None else (left,)
        return (right,) if left is None or left.made_by is None else (left, right)

    def _free(self) -> None:
        made_by = self.made_by
        if type(made_by) is OpRule:
            self.made_by = made_by.freed
            self.left = self.right = None
        else:
            super()._free()

    def _history(self, rule: OpRule) -> History:
        if rule.op.arity == 1:
            return History(rule, (self.x,), (self.left,))  # type: ignore[arg-type]  # no number
        operands = nodes(type(self), (self.left, self.x), (self.right, self.y))
        return History(rule, (self.x, self.y), operands)


def node(kind: type[Kind], data: float, history: History | None) -> Kind:
    """Make a result; the constructor is for users, and checks its arguments."""
    made = _allocate(kind)
    made.data = data
    made.made_by = history
    made.derivative = None
    made.given_name = ""
    made.unique_id = next_id()
    return made


def nodes(
    kind: type["ScalarNode"], *operands: tuple["ScalarNode | None", float]
) -> tuple["ScalarNode", ...]:
    """Return the nodes of operands, made for those that are numbers."""
    return tuple([node(kind, value, None) if n is None else n for n, value in operands])


def operation(  # noqa: PLR0913, PLR0917  the parts of a node, in its order
    kind: type[Kind],
    data: float,
    rule: OpRule,
    left: ScalarNode | None,
    x: float,
    right: ScalarNode | None,
    y: float,
) -> Kind:
    """Make the result of an operator of one or two inputs, which holds them.

    It does what `node` does itself: a call more is a tenth of the time of a node.
    """
    made = _allocate(kind)
    made.data = data
    made.made_by = rule
    made.left = left
    made.x = x
    made.right = right
    made.y = y
    made.derivative = None
    made.given_name = ""
    made.unique_id = next_id()
    return made
