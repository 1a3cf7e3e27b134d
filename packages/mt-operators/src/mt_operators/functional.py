r"""Functional tools: a loop written once, as a function that makes functions.

Most loops over numbers are one of three. `map` applies a function to every item, `zip_with`
applies one to pairs, and `reduce` folds all items into one value. Each takes the function first
and returns a new function of the data (it is *curried*), which is also how a backend works: it
compiles a kernel for an operator once, and runs it on many tensors.

Operators lift, so all of these take scalar variables as well as numbers.

>>> from mt_operators import inv, maximum
>>> map(inv)([1.0, 2.0, 4.0])
[1.0, 0.5, 0.25]
>>> reduce(maximum, start=0.0)([3.0, 1.0, 2.0])
3.0
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from mt_operators.arithmetic import add, mul, neg

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


def map(fn: Callable[[A], B]) -> Callable[[Iterable[A]], list[B]]:  # noqa: A001  the idea's name
    """Return the function that applies `fn` to every item."""

    def mapped(items: Iterable[A]) -> list[B]:
        return [fn(item) for item in items]

    return mapped


def zip_with(fn: Callable[[A, B], C]) -> Callable[[Iterable[A], Iterable[B]], list[C]]:
    """Return the function that applies `fn` to pairs, one item from each side.

    The function returned raises a ValueError if one side has more items than the other.
    """

    def zipped(left: Iterable[A], right: Iterable[B]) -> list[C]:
        a, b = list(left), list(right)
        if len(a) != len(b):
            message = f"zip_with: {len(a)} and {len(b)} items cannot be paired"
            raise ValueError(message)
        return [fn(x, y) for x, y in zip(a, b, strict=True)]

    return zipped


def reduce(fn: Callable[[A, B], A], start: A) -> Callable[[Iterable[B]], A]:
    r"""Return the function that folds items: $f(\dots f(f(start, x_0), x_1) \dots, x_n)$.

    Args:
        fn: joins what has been folded so far, on its left, with the next item.
        start: the result for no items.
    """

    def reduced(items: Iterable[B]) -> A:
        folded = start
        for item in items:
            folded = fn(folded, item)
        return folded

    return reduced


def neg_list(items: Iterable[float]) -> list[float]:
    """Negate every item.

    >>> neg_list([1.0, -2.0])
    [-1.0, 2.0]
    """
    return map(neg)(items)


def add_lists(left: Iterable[float], right: Iterable[float]) -> list[float]:
    """Add item by item.

    Raises:
        ValueError: one side has more items than the other.

    >>> add_lists([1.0, 2.0], [10.0, 20.0])
    [11.0, 22.0]
    """
    return zip_with(add)(left, right)


def total(items: Iterable[float]) -> float:
    """Add all items up; 0.0 for none.

    >>> total([1.0, 2.0, 3.0])
    6.0
    """
    return reduce(add, 0.0)(items)


def prod(items: Iterable[float]) -> float:
    """Multiply all items; 1.0 for none.

    >>> prod([2.0, 3.0, 4.0])
    24.0
    """
    return reduce(mul, 1.0)(items)
