r"""The operators that networks are made of, each in one stanza.

A stanza holds the derivatives, where tests may sample, and the function. `x`, `y` are inputs,
`s` is the output. Subtraction and division have stanzas of their own, for one pass over the data.

At the edges every function gives IEEE 754's result (`log(0) = -inf`, `log(-1) = nan`,
`div(1, 0) = inf`, `exp(1000) = inf`), where Python's own `math` would raise. Both branches of a
guard are cheap and pure, so that compilers turn the guard into a select.
"""

import math
from math import copysign, inf, nan

from mt_operators.op import one, op, zero

EXP_OVERFLOW = 709.782712893384
"""The largest double whose exponential is finite."""


@op(one)
def identity(x: float) -> float:
    "$x$."
    return x


@op(lambda _: -1.0)
def neg(x: float) -> float:
    "$-x$."
    return -x


@op(one, one, unit=0.0)
def add(x: float, y: float) -> float:
    "$x + y$."
    return x + y


@op(one, lambda _x, _y: -1.0)
def sub(x: float, y: float) -> float:
    "$x - y$."
    return x - y


@op(lambda _, y: y, lambda x, _: x, unit=1.0)
def mul(x: float, y: float) -> float:
    r"$x \cdot y$."
    return x * y


@op(
    lambda _, y: div(1.0, y),
    lambda x, y: -div(x, y * y),
    domain=((-10.0, 10.0), (0.5, 10.0)),
)
def div(x: float, y: float) -> float:
    "$x / y$; by zero: $\\pm\\infty$ by the signs, or nan for $0/0$."
    if y != 0.0:
        return x / y
    return nan if x == 0.0 or x != x else copysign(inf, x) * copysign(1.0, y)  # noqa: PLR0124


@op(lambda s: -s * s, saves="output", domain=((0.5, 10.0),))
def inv(x: float) -> float:
    "$1/x$."
    return div(1.0, x)


@op(lambda s: s, saves="output", domain=((-4.0, 4.0),))
def exp(x: float) -> float:
    "$e^x$; $\\infty$ where that overflows."
    return inf if x > EXP_OVERFLOW else math.exp(x)


@op(lambda x: div(1.0, x), domain=((0.1, 10.0),))
def log(x: float) -> float:
    r"$\ln x$; $-\infty$ at zero, nan below it."
    if x > 0.0:
        return math.log(x)
    return -inf if x == 0.0 else nan


@op(lambda s: div(0.5, s), saves="output", domain=((0.1, 10.0),))
def sqrt(x: float) -> float:
    r"$\sqrt{x}$; nan below zero."
    return nan if x < 0.0 else math.sqrt(x)


@op(lambda x: 1.0 if x > 0.0 else 0.0, kink=lambda x: x)
def relu(x: float) -> float:
    r"$\max(x, 0)$; its derivative at 0 is taken as 0."
    return 0.0 if x < 0.0 else x


@op(lambda s: s * (1.0 - s), saves="output")
def sigmoid(x: float) -> float:
    r"$1/(1+e^{-x})$, by $e^{-|x|}$ so that nothing overflows."
    z = math.exp(-abs(x))
    return (1.0 if x >= 0.0 else z) / (1.0 + z)


@op(lambda s: 1.0 - s * s, saves="output", domain=((-3.0, 3.0),))
def tanh(x: float) -> float:
    r"$\tanh x = 2\,\mathrm{sigmoid}(2x) - 1$."
    return math.tanh(x)


@op(
    lambda x, y: 1.0 if x > y else 0.5 if x == y else 0.0,
    lambda x, y: 1.0 if y > x else 0.5 if x == y else 0.0,
    kink=lambda x, y: x - y,
    unit=-inf,
)
def maximum(x: float, y: float) -> float:
    r"$\max(x, y)$; nan if either is; a tie shares the gradient equally, as in `torch.maximum`."
    return x if x > y or x != x else y  # noqa: PLR0124


@op(zero, zero, predicate=True, kink=lambda x, y: x - y)
def lt(x: float, y: float) -> float:
    "1 where $x < y$, else 0."
    return 1.0 if x < y else 0.0


@op(zero, zero, predicate=True, kink=lambda x, y: x - y)
def gt(x: float, y: float) -> float:
    "1 where $x > y$, else 0."
    return 1.0 if x > y else 0.0


@op(zero, zero, predicate=True, kink=lambda x, y: x - y)
def eq(x: float, y: float) -> float:
    "1 where $x = y$, else 0."
    return 1.0 if x == y else 0.0
