r"""Derivatives by differences: slow, approximate, and independent of every rule under test.

A central difference errs in two ways. Cutting the Taylor series off costs about $h^2 |f'''| / 6$;
rounding $f$ to sixteen digits costs about $\epsilon |f| / h$. The sum is least near
$h = \sqrt[3]{\epsilon}$ for numbers about 1, and in proportion to them above.
"""

import math
import sys
from collections.abc import Callable
from typing import Any

from mt_autodiff.scalar import Scalar

STEP = math.cbrt(sys.float_info.epsilon)
RELATIVE = 1e-5
ABSOLUTE = 1e-7
"""How far a derivative may be from its difference; the latter for functions of size 1."""


def central_difference(
    f: Callable[..., Any], *values: Any, arg: int = 0, epsilon: float | None = None
) -> float:
    r"""Approximate $\partial f/\partial x_{arg}$ by $(f(x+h)-f(x-h))/2h$.

    Args:
        f: a function of numbers or scalars; its result converts to a float.
        values: where, numbers or scalars.
        arg: by which argument.
        epsilon: the step $h$; by default about $6 \cdot 10^{-6}$, in proportion for larger inputs.

    Raises:
        IndexError: there is no argument of that number.

    >>> round(central_difference(lambda x, y: x * y * y, 2.0, 3.0, arg=1), 6)
    12.0
    """
    if not -len(values) <= arg < len(values):
        message = f"central_difference: arg={arg}, but there are {len(values)} values"
        raise IndexError(message)
    x = float(values[arg])
    h = STEP * max(1.0, abs(x)) if epsilon is None else epsilon
    up, down = list(values), list(values)
    up[arg] = values[arg] + h
    down[arg] = values[arg] - h
    # Not 2h: what x + h and x - h really differ by, once they are rounded.
    return (float(f(*up)) - float(f(*down))) / ((x + h) - (x - h))


def derivative_check(f: Callable[..., Any], *values: Any) -> None:
    """Compare the derivatives that backpropagation gives with central differences.

    Args:
        f: a function of scalars that returns one.
        values: where, numbers or scalars; away from any kink of the function.

    Raises:
        TypeError: the function returns something else.
        AssertionError: a derivative differs; the message has the argument and both values.

    >>> derivative_check(lambda x, y: (x * y).sigmoid(), 0.5, -2.0)
    """
    leaves = [Scalar(float(v)) for v in values]
    result = f(*leaves)
    if not isinstance(result, Scalar):
        message = f"derivative_check: the function returned {result!r}, not a Scalar"
        raise TypeError(message)
    if not result.is_constant():
        result.backward()
    for i, leaf in enumerate(leaves):
        claimed = 0.0 if leaf.derivative is None else leaf.derivative
        measured = central_difference(f, *[Scalar(v.data, None) for v in leaves], arg=i)
        slack = ABSOLUTE * max(1.0, abs(result.data))
        if not math.isclose(claimed, measured, rel_tol=RELATIVE, abs_tol=slack):
            message = (
                f"the derivative by argument {i} at {tuple(v.data for v in leaves)} is "
                f"{claimed:.9g}, but differences give {measured:.9g}"
            )
            raise AssertionError(message)
