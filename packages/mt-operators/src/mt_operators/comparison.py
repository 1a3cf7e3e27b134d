r"""Comparisons: predicates whose result is a number, 1 for true and 0 for false.

A predicate is constant between the places where it jumps, so its derivative is 0. Any comparison
with nan is false, except $\ne$.
"""

import math

from mt_operators.op import op, zero

TOLERANCE = 1e-2
"""How far apart numbers may be that are close."""


@op(zero, zero, predicate=True, kink=lambda x, y: x - y)
def lt(x: float, y: float) -> float:
    """1 where $x < y$, else 0."""
    return 1.0 if x < y else 0.0


@op(zero, zero, predicate=True, kink=lambda x, y: x - y)
def le(x: float, y: float) -> float:
    r"""1 where $x \le y$, else 0."""
    return 1.0 if x <= y else 0.0


@op(zero, zero, predicate=True, kink=lambda x, y: x - y)
def gt(x: float, y: float) -> float:
    """1 where $x > y$, else 0."""
    return 1.0 if x > y else 0.0


@op(zero, zero, predicate=True, kink=lambda x, y: x - y)
def ge(x: float, y: float) -> float:
    r"""1 where $x \ge y$, else 0."""
    return 1.0 if x >= y else 0.0


@op(zero, zero, predicate=True, kink=lambda x, y: x - y)
def eq(x: float, y: float) -> float:
    """1 where $x = y$, else 0."""
    return 1.0 if x == y else 0.0


@op(zero, zero, predicate=True, kink=lambda x, y: x - y)
def ne(x: float, y: float) -> float:
    r"""1 where $x \ne y$, else 0; nan differs from everything, itself included."""
    return 1.0 if x != y else 0.0


@op(zero, zero, predicate=True, kink=lambda x, y: math.fabs(x - y) - TOLERANCE)
def is_close(x: float, y: float) -> float:
    """1 where $|x - y| < 0.01$ or both are the same infinity, else 0."""
    return 1.0 if x == y or math.fabs(x - y) < TOLERANCE else 0.0
