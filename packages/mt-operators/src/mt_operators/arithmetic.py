r"""Arithmetic: the operators that Python spells with a sign.

Each operator is one stanza: its derivatives, where tests may sample it, its function. `x` and `y`
are inputs, `s` is the output. Subtraction and division could be composed of the others; they have
stanzas of their own for one pass over the data instead of two.

At the edges every operator of this package gives IEEE 754's result, where Python's own arithmetic
would raise: $1/0 = \infty$. A function that guards an edge does so with cheap, pure branches, so
that compilers turn the guard into a select.
"""

import math
from math import inf, nan

from mt_operators.op import one, op


@op(one)
def identity(x: float) -> float:
    """$x$."""
    return x


@op(lambda _: -1.0)
def neg(x: float) -> float:
    """$-x$."""
    return -x


@op(one, one, unit=0.0)
def add(x: float, y: float) -> float:
    """$x + y$."""
    return x + y


@op(one, lambda _x, _y: -1.0)
def sub(x: float, y: float) -> float:
    """$x - y$."""
    return x - y


@op(lambda _, y: y, lambda x, _: x, unit=1.0)
def mul(x: float, y: float) -> float:
    r"""$x \cdot y$."""
    return x * y


def quotient(x: float, y: float) -> float:
    r"""Divide as IEEE 754 does: $\pm\infty$ by the signs for $x/0$, nan for $0/0$."""
    if y != 0.0:
        return x / y
    return nan if x == 0.0 or math.isnan(x) else math.copysign(inf, x) * math.copysign(1.0, y)


@op(
    lambda _, y: quotient(1.0, y),
    lambda x, y: -quotient(quotient(x, y), y),
    domain=((-10.0, 10.0), (0.5, 10.0)),
)
def div(x: float, y: float) -> float:
    r"""$x / y$; $\pm\infty$ by the signs for $x/0$, nan for $0/0$."""
    return quotient(x, y)


@op(lambda s: -s * s, saves="output", domain=((0.5, 10.0),))
def inv(x: float) -> float:
    r"""$1/x$; $\pm\infty$ for $1/\pm0$."""
    return quotient(1.0, x)


@op(lambda x: 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0, kink=lambda x: x)
def absolute(x: float) -> float:
    """$|x|$; its derivative at 0 is taken as 0."""
    return math.fabs(x)
