r"""Elementary functions: exponential, logarithm, roots and powers, sine and cosine.

Python's `math` raises where a result overflows or is not a real number. The functions here return
what IEEE 754 and C do: $e^{1000} = \infty$, $\ln 0 = -\infty$, $\ln(-1)$ is nan.
"""

import math
from math import inf, nan

from mt_operators.arithmetic import quotient
from mt_operators.op import op

EXP_OVERFLOW = 709.782712893384
"""The largest double whose exponential is finite."""


@op(lambda s: s, saves="output", domain=((-4.0, 4.0),))
def exp(x: float) -> float:
    r"""$e^x$; $\infty$ where that overflows."""
    return inf if x > EXP_OVERFLOW else math.exp(x)


@op(lambda x: quotient(1.0, x), domain=((0.1, 10.0),))
def log(x: float) -> float:
    r"""$\ln x$; $-\infty$ at zero, nan below it."""
    return natural_logarithm(x)


def natural_logarithm(x: float) -> float:
    """Take the logarithm, with IEEE 754's results at zero and below."""
    if x > 0.0:
        return math.log(x)
    return -inf if x == 0.0 else nan


@op(lambda s: quotient(0.5, s), saves="output", domain=((0.1, 10.0),))
def sqrt(x: float) -> float:
    r"""$\sqrt{x}$; nan below zero."""
    return nan if x < 0.0 else math.sqrt(x)


@op(
    lambda x, y: 0.0 if y == 0.0 else y * raised(x, y - 1.0),
    lambda x, y: 0.0 if x == 0.0 and y >= 0.0 else raised(x, y) * natural_logarithm(x),
    domain=((0.3, 3.0), (-3.0, 3.0)),
)
def power(x: float, y: float) -> float:
    """$x^y$ as C's `pow` has it: nan for a negative number to a fraction; 1 for $x^0$, $1^y$."""
    return raised(x, y)


def raised(x: float, y: float) -> float:
    """Raise `x` to `y` without the exceptions of `math.pow`: a pole, no real result, overflow."""
    if x == 0.0 and y < 0.0:
        return math.copysign(inf, x) if y % 2.0 == 1.0 else inf
    if -inf < x < 0.0 and math.fabs(y) < inf and y % 1.0 != 0.0:
        return nan
    if overflow_near(x, y):
        # The square overflows to infinity without an exception, and its root is exact enough.
        root = inf if overflow_near(x, 0.5 * y) else math.pow(math.fabs(x), 0.5 * y)
        return -root * root if x < 0.0 and y % 2.0 == 1.0 else root * root
    return math.pow(x, y)


def overflow_near(x: float, y: float) -> bool:
    """Whether two finite numbers have a power that may exceed the largest double."""
    finite = math.fabs(x) < inf and math.fabs(y) < inf
    return finite and y * natural_logarithm(math.fabs(x)) > EXP_OVERFLOW - 0.1


def sine(x: float) -> float:
    """Take the sine of an angle in radians."""
    return nan if math.isinf(x) else math.sin(x)


def cosine(x: float) -> float:
    """Take the cosine of an angle in radians."""
    return nan if math.isinf(x) else math.cos(x)


@op(cosine, domain=((-3.0, 3.0),))
def sin(x: float) -> float:
    r"""$\sin x$; nan at $\pm\infty$."""
    return sine(x)


@op(lambda x: -sine(x), domain=((-3.0, 3.0),))
def cos(x: float) -> float:
    r"""$\cos x$; nan at $\pm\infty$."""
    return cosine(x)
