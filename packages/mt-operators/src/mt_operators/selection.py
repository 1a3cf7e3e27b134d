r"""Selection: operators whose result is one of their inputs.

The gradient flows to the input that was chosen. Where two are equal, `maximum` and `minimum` share
it equally and `clamp` gives it to `x`: what `torch.maximum` and `torch.clamp` do.
"""

import math
from math import inf

from mt_operators.op import op, zero


@op(
    lambda x, y: 1.0 if x > y else 0.5 if x == y else 0.0,
    lambda x, y: 1.0 if y > x else 0.5 if x == y else 0.0,
    kink=lambda x, y: x - y,
    unit=-inf,
)
def maximum(x: float, y: float) -> float:
    r"""$\max(x, y)$; nan if either is."""
    return x if x > y or math.isnan(x) else y


@op(
    lambda x, y: 1.0 if x < y else 0.5 if x == y else 0.0,
    lambda x, y: 1.0 if y < x else 0.5 if x == y else 0.0,
    kink=lambda x, y: x - y,
    unit=inf,
)
def minimum(x: float, y: float) -> float:
    r"""$\min(x, y)$; nan if either is."""
    return x if x < y or math.isnan(x) else y


@op(
    lambda x, low, high: 1.0 if low <= x <= high else 0.0,
    lambda x, low, high: 1.0 if x < low < high else 0.0,
    lambda x, low, high: 1.0 if x > high or low > high else 0.0,
    domain=((-10.0, 10.0), (-6.0, -1.0), (1.0, 6.0)),
    kink=lambda x, low, high: (x - low) * (x - high),
)
def clamp(x: float, low: float, high: float) -> float:
    r"""$\min(\max(x, \mathrm{low}), \mathrm{high})$; nan if any is."""
    return minimum(maximum(x, low), high)


@op(
    zero,
    lambda condition, _x, _y: 1.0 if condition != 0.0 else 0.0,
    lambda condition, _x, _y: 0.0 if condition != 0.0 else 1.0,
    domain=((0.0, 1.0), (-10.0, 10.0), (-10.0, 10.0)),
)
def where(condition: float, x: float, y: float) -> float:
    """$x$ where the condition is not 0, else $y$; nan counts as true."""
    return x if condition != 0.0 else y
