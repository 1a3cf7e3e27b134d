"""Module 0: the operators as plain functions, and the functional tools under the course's names.

They are the functions of `mt_operators`. A few have a quirk that code written for the course relies
on: `log` adds a small number to its input, so that it is finite at 0, and `inv` is a bare division,
because a learner's own kernels compile these functions as they stand.
"""

# ruff: noqa: A001, N802, N816  the course's names

import math
from collections.abc import Iterable

import mt_operators
from mt_operators import functional

EPS = 1e-6
"""What `log` adds to its input."""

add = mt_operators.add.forward
mul = mt_operators.mul.forward
neg = mt_operators.neg.forward
id = mt_operators.identity.forward
lt = mt_operators.lt.forward
eq = mt_operators.eq.forward
max = mt_operators.maximum.forward
is_close = mt_operators.is_close.forward
sigmoid = mt_operators.sigmoid.forward
relu = mt_operators.relu.forward
exp = mt_operators.exp.forward

map = functional.map
zipWith = functional.zip_with
reduce = functional.reduce


def log(x: float) -> float:
    r"""$\ln(x + \epsilon)$, finite at 0.

    >>> round(log(0.0), 4)
    -13.8155
    """
    return math.log(x + EPS)


def log_back(x: float, d: float) -> float:
    r"""$d / (x + \epsilon)$, the gradient `d` pulled back through `log` at `x`."""
    return d / (x + EPS)


def inv(x: float) -> float:
    """$1 / x$."""
    return 1.0 / x


def inv_back(x: float, d: float) -> float:
    """$-d / x^2$, the gradient `d` pulled back through `inv` at `x`."""
    return -d / (x * x)


def relu_back(x: float, d: float) -> float:
    """Pass the gradient `d` where `x` is positive, else 0."""
    return d if x > 0.0 else 0.0


def negList(ls: Iterable[float]) -> Iterable[float]:
    """Negate every item.

    >>> negList([1.0, -2.0])
    [-1.0, 2.0]
    """
    return map(neg)(ls)


def addLists(ls1: Iterable[float], ls2: Iterable[float]) -> Iterable[float]:
    """Add item by item.

    >>> addLists([1.0, 2.0], [10.0, 20.0])
    [11.0, 22.0]
    """
    return zipWith(add)(ls1, ls2)


def sum(ls: Iterable[float]) -> float:
    """Add all items up; 0 for none."""
    return reduce(add, 0.0)(ls)


def prod(ls: Iterable[float]) -> float:
    """Multiply all items; 1 for none. A product of whole numbers is one.

    >>> prod((3, 4))
    12
    """
    return math.prod(ls)
