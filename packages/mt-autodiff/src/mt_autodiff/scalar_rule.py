r"""An operator on scalars as a rule of the graph: each input's share is $d \cdot \partial f$.

What the rule keeps from forward to backward is the tuple of numbers that its partials are
functions of. A scalar engine spends its time on the way from one node to the next, so the rule
prepares a function for the operator's number of inputs, and looks nothing up on the way.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from mt_autodiff.variable import Variable
from mt_operators import Op, one, zero

Inputs = Sequence[Any]
Saved = tuple[float, ...]
Shares = Sequence[tuple[Variable, float]]
Share = Callable[[Inputs, Saved, float], Shares]


class ScalarRule:
    """How to go backward through one node of scalars.

    Attributes:
        shares: from `(inputs, saved, grad_output)`, the inputs that want a gradient, each with
            its share of it.
    """

    __slots__ = ("__name__", "shares")

    def __init__(self, name: str, shares: Share) -> None:
        """Name a rule, which is what drawings and errors call it."""
        self.__name__ = name
        self.shares = shares

    def backward(self, ctx: Saved, grad_output: float) -> tuple[float | None, ...]:
        """Return the gradient by each input, None where it is zero everywhere."""
        message = f"{self.__name__}: its rule defines no backward"
        raise NotImplementedError(message)


class OpRule(ScalarRule):
    """The rule of an operator; it keeps what its partials are functions of."""

    __slots__ = ("op",)

    def __init__(self, op: Op) -> None:
        """Prepare the rule of an operator."""
        super().__init__(op.name, _shares(op))
        self.op = op

    def saved(self, inputs: Saved, output: float) -> Saved:
        """Choose what the backward will need."""
        if self.op.saves_nothing:
            return ()
        return inputs if self.op.saves == "inputs" else (output,)

    def backward(self, ctx: Saved, grad_output: float) -> tuple[float | None, ...]:
        """Return the gradient by each input, None where it is zero everywhere."""
        partials = self.op.partials
        return tuple(None if p is zero else grad_output * p(*ctx) for p in partials)


@cache
def scalar_rule(op: Op) -> OpRule:
    """Return the rule of an operator, always the same one."""
    return OpRule(op)


def _shares(op: Op) -> Share:
    if all(partial is one for partial in op.partials):
        return _passed_through
    return {1: _of_one, 2: _of_two}.get(op.arity, _of_many)(op)


def _passed_through(inputs: Inputs, _: Saved, d: float) -> Shares:
    """Give every input the whole gradient, as addition does."""
    return [(x, d) for x in inputs if x.history is not None]


def _of_one(op: Op) -> Share:
    (partial,) = op.partials

    def shares(inputs: Inputs, saved: Saved, d: float) -> Shares:
        return ((inputs[0], d * partial(saved[0])),)

    return shares


def _of_two(op: Op) -> Share:
    by_x, by_y = op.partials

    def shares(inputs: Inputs, saved: Saved, d: float) -> Shares:
        x, y = inputs
        a, b = saved
        if y.history is None:
            return ((x, d * by_x(a, b)),)
        if x.history is None:
            return ((y, d * by_y(a, b)),)
        return (x, d * by_x(a, b)), (y, d * by_y(a, b))

    return shares


def _of_many(op: Op) -> Share:
    partials = op.partials

    def shares(inputs: Inputs, saved: Saved, d: float) -> Shares:
        return [
            (x, d * partial(*saved))
            for x, partial in zip(inputs, partials, strict=True)
            if x.history is not None and partial is not zero
        ]

    return shares
