r"""The dot product as one node of the graph, in place of $2n - 1$.

A neuron of $n$ inputs written with `*` and `+` records $n$ products and $n - 1$ sums. Its
derivatives are known without any of them: of $\sum_i x_i y_i$ by $x_i$ it is $y_i$, and by $y_i$
it is $x_i$. This is what a tensor library does on a larger scale, and why it is fast.
"""

from collections.abc import Sequence
from operator import mul
from typing import Any

from mt_autodiff.history import History
from mt_autodiff.mode import mode
from mt_autodiff.scalar import Scalar
from mt_autodiff.scalar_node import node
from mt_autodiff.scalar_rule import Saved, ScalarRule, Shares


class DotRule(ScalarRule):
    """The rule of a dot product; it keeps the partials themselves, one for each input."""

    __slots__ = ()

    def __init__(self) -> None:
        """Prepare the rule; one is enough."""
        super().__init__("dot", _shares)

    def backward(self, ctx: Saved, grad_output: float) -> tuple[float, ...]:
        """Return the gradient by each input."""
        return tuple([grad_output * partial for partial in ctx])


def dot(x: Sequence[Any], y: Sequence[Any]) -> Scalar:
    r"""Multiply item by item and add up, $\sum_i x_i y_i$, as one node of the graph.

    Args:
        x: scalars and numbers.
        y: as many of them.

    Returns:
        A scalar, constant where all items are.

    Raises:
        ValueError: one side has more items than the other.
        TypeError: an item is neither a scalar nor a number.

    >>> w = [Scalar(2.0), Scalar(-1.0)]
    >>> dot(w, [3.0, 4.0])
    Scalar(2)
    """
    n = len(x)
    if n != len(y):
        message = f"dot: {n} and {len(y)} items cannot be paired"
        raise ValueError(message)
    inputs = Scalar._admit((*x, *y))
    values = [s.data for s in inputs]
    left, right = values[:n], values[n:]
    data = sum(map(mul, left, right), 0.0)
    if mode.recording and any(s.made_by is not None for s in inputs):
        history = History(_rule, (*right, *left), inputs)
        return node(Scalar, data, history)
    return node(Scalar, data, None)


def _shares(history: History, d: float) -> Shares:
    pairs = zip(history.inputs, history.ctx, strict=True)
    return [(x, d * p) for x, p in pairs if not x.is_constant()]


_rule = DotRule()
