r"""Exponentials and logarithms without branches or tables, which LLVM turns into vector code.

Each reduces its argument to a short interval and evaluates a polynomial there:

- $e^x = 2^n e^r$ with $n$ the integer nearest to $x / \ln 2$, got by adding a number so large that
  nothing is left behind the point, and $|r| \le \frac12 \ln 2$; $r$ is exact to the last bit,
  because it is taken with fused multiply-adds and $\ln 2$ in two parts.
- $\ln x = e \ln 2 + \ln m$ with $x = m 2^e$; with $f = m - 1$ and $s = f / (2 + f)$,
  $\ln m = f - s (f - s^2 R(s^2))$. The bits of $e$ are not moved down: ln 2 is that much smaller.
- The sigmoid divides $e^r$ by its sum with $2^{-n}$. It needs no $e^{-|x|}$, which would be chosen
  by the sign, nor a result that is scaled, which may be subnormal: 1.91 us for 10,000 float32 where
  the operator as it is written took 2.32.

The polynomials interpolate at Chebyshev nodes, which is close to the best there is. Infinities,
nan, zeros and subnormals come out as IEEE 754 and C have them. The largest errors, in units in the
last place: exp 1.1, log 1.2, expm1 1.9, log1p 1.5, tanh 2.6, sigmoid 2.5.

Bound by the compiler: the numbers in capitals, which are in `mt_fast.constants`.

Source: the reduction of the logarithm is that of fdlibm, S. C. Ng (1993).
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821  templates: names are bound, types inferred
# ruff: noqa: FURB136  a comparison that is false for nan keeps it, where min and max may not

import math

from mt_fast.kernels.intrinsics.floats import fma, horner, power_of_two, scale, split


def exp(x):
    """Return $e^x$."""
    x = EXP_ZERO if x < EXP_ZERO else x
    x = EXP_INFINITE if x > EXP_INFINITE else x
    t = fma(x, LOG2_E, SHIFT)
    n = t - SHIFT
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x))
    return scale(fma(horner(r, EXP) * r, r, r) + ONE, t)


def expm1(x):
    """Return $e^x - 1$, exact near 0."""
    reached = EXPM1_ONE if x < EXPM1_ONE else x
    reached = EXP_INFINITE if reached > EXP_INFINITE else reached
    t = fma(reached, LOG2_E, SHIFT)
    n = t - SHIFT
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, reached))
    p = fma(horner(r, EXP) * r, r, r)
    half = power_of_two(t - ONE)
    y = fma(half, p, half - HALF)
    return math.copysign(y + y, x)


def tanh(x):
    r"""Return $\tanh x = -t / (t + 2)$ with $t = e^{-2x} - 1$, for $|x|$, with the sign of $x$."""
    y = math.fabs(x)
    y = TANH_ONE if y > TANH_ONE else y
    t = fma(y, -TWO * LOG2_E, SHIFT)
    n = t - SHIFT
    # What the rest of ln 2 would add is nothing here: tanh is flat where n is large.
    r = fma(n, -LN2_HIGH, -TWO * y)
    power = power_of_two(t)
    p = fma(power, fma(horner(r, EXP) * r, r, r), power - ONE)
    return math.copysign(p / (p + TWO), x)


def sigmoid(x):
    r"""Return $1 / (1 + e^{-x}) = e^r / (e^r + 2^{-n})$; nothing underflows but the quotient.

    Both parts are smaller by the same power of two: $2^{-n}$ itself could overflow.
    """
    x = EXP_ZERO if x < EXP_ZERO else x
    x = SIGMOID_ONE if x > SIGMOID_ONE else x
    t = fma(x, -LOG2_E, SIGMOID_SHIFT)
    n = t - SIGMOID_SHIFT
    r = fma(n, LN2_LOW, fma(n, LN2_HIGH, x))
    power = horner(r, SIGMOID_EXP)
    return power / (power + power_of_two(t))


def log(x):
    r"""Return $\ln x$; where $x$ is not an ordinary number, $e$ has the result."""
    tiny = x < NORMAL
    m, e = split(x * SCALE if tiny else x)
    e = e - SCALE_BITS if tiny else e
    e = -INF if x == ZERO else e
    e = NAN if x < ZERO else e
    e = e if x < INF else x
    f = m - ONE
    s = f / (TWO + f)
    z = s * s
    return fma(e, LN2_UNIT, fma(-s, fma(-z, horner(z, LOG), f), f))


def log1p(x):
    r"""Return $\ln(1 + x)$, exact near 0: the rounding of $1 + x$ is made good."""
    u = ONE + x
    lost = (x - (u - ONE)) / u
    lost = lost if ZERO < u < INF else ZERO
    return math.copysign(log(u) + lost, x) if x > -ONE else log(u)
