r"""Checks of an operator, for the ones here and for your own; the standard library is enough.

    @op(lambda x: 3.0 * x * x)
    def cube(x: float) -> float:
        return x * x * x

    check_partials(cube)

A partial derivative is compared with differences of the function itself, at random inputs in the
operator's domain and away from its kinks. The five-point difference

$$f'(x) \approx \frac{f(x-2h) - 8 f(x-h) + 8 f(x+h) - f(x+2h)}{12h}$$

errs by $O(h^4)$, so that a partial which is wrong by a thousandth is found.

Operators that a reduction uses have laws as well: their unit changes nothing, and neither the
order of the operands nor their grouping matters. `EDGES` says what the operators of this package
return at infinities, signed zeros and the like.
"""

import math
import random
from collections.abc import Callable

from mt_operators.edges import EDGES, Edge
from mt_operators.op import Op

__all__ = [
    "EDGES",
    "Edge",
    "check_associates",
    "check_commutes",
    "check_partials",
    "check_unit",
    "same",
    "sample",
    "slope",
]

STEP = 1e-3
"""The step of a difference, relative to inputs above 1."""
KINK_MARGIN = 0.1
"""How far from 0 an operator's `kink` is kept; the difference spans less on either side."""
END_CHANCE = 0.25
"""How often an input is an end of its interval, such as the 0 of a condition."""
PARTIAL_TOLERANCE = 1e-6
LAW_TOLERANCE = 1e-12
TRIES = 1000


def same(actual: float, expected: float, tolerance: float = LAW_TOLERANCE) -> bool:
    """Whether two results agree: to a relative tolerance, with nan equal to nan and 0 not to -0.

    >>> same(math.nan, math.nan), same(0.1 + 0.2, 0.3), same(0.0, -0.0), same(1.0, math.nan)
    (True, True, False, False)
    """
    if math.isnan(expected) or math.isnan(actual):
        return math.isnan(expected) and math.isnan(actual)
    if expected == 0.0:
        return actual == 0.0 and math.copysign(1.0, actual) == math.copysign(1.0, expected)
    return math.isclose(actual, expected, rel_tol=tolerance)


def sample(op: Op, rng: random.Random) -> tuple[float, ...]:
    """Draw inputs from an operator's domain, now and then at its ends, but away from its kinks.

    Raises:
        ValueError: no inputs were found, because the kinks fill the domain.
    """
    for _ in range(TRIES):
        inputs = tuple(_between(low, high, rng) for low, high in op.domain)
        if op.kink is None or abs(op.kink(*inputs)) > KINK_MARGIN:
            return inputs
    message = f"{op.name}: {TRIES} draws from {op.domain} were all at a kink"
    raise ValueError(message)


def slope(f: Callable[..., float], inputs: tuple[float, ...], arg: int) -> float:
    """Approximate a partial derivative by the five-point difference.

    >>> round(slope(lambda x, y: x * y * y, (5.0, 3.0), arg=1), 9)
    30.0
    """
    x = inputs[arg]
    h = STEP * max(1.0, abs(x))
    before, after = inputs[:arg], inputs[arg + 1 :]
    far_down, down, up, far_up = (f(*before, x + k * h, *after) for k in (-2, -1, 1, 2))
    return (far_down - 8.0 * down + 8.0 * up - far_up) / (12.0 * h)


def check_partials(op: Op, count: int = 100, seed: int = 0) -> None:
    """Compare each partial of an operator with differences, at random inputs.

    Args:
        op: the operator.
        count: how many inputs to draw.
        seed: of the drawing; the same seed gives the same inputs.

    Raises:
        AssertionError: a partial differs; the message names it, the inputs and both values.
    """
    rng = random.Random(seed)  # noqa: S311  samples, not secrets
    for _ in range(count):
        inputs = sample(op, rng)
        saved = inputs if op.saves == "inputs" else (op.forward(*inputs),)
        for i, partial in enumerate(op.partials):
            claimed, measured = partial(*saved), slope(op.forward, inputs, i)
            if not _near(claimed, measured, PARTIAL_TOLERANCE):
                place = ", ".join(f"{x:.9g}" for x in inputs)
                values = f"{claimed:.9g}, but differences give {measured:.9g}"
                message = f"{op.name}: partial {i} at ({place}) is {values}"
                raise AssertionError(message)


def check_commutes(op: Op, count: int = 100, seed: int = 0) -> None:
    """Check $f(x, y) = f(y, x)$ at random inputs.

    Raises:
        AssertionError: it does not hold; the message has the inputs and both values.
    """
    for x, y in _draws(op, 2, count, seed):
        _agree(op, (x, y), op(x, y), op(y, x), "the order of its inputs matters")


def check_associates(op: Op, count: int = 100, seed: int = 0) -> None:
    """Check $f(f(x, y), z) = f(x, f(y, z))$ at random inputs.

    Raises:
        AssertionError: it does not hold; the message has the inputs and both values.
    """
    for x, y, z in _draws(op, 3, count, seed):
        left, right = op(op(x, y), z), op(x, op(y, z))
        _agree(op, (x, y, z), left, right, "the grouping of its inputs matters")


def check_unit(op: Op, count: int = 100, seed: int = 0) -> None:
    """Check that the operator's unit leaves the other operand as it is.

    Raises:
        ValueError: the operator declares no unit.
        AssertionError: it does not hold; the message has the inputs and both values.
    """
    if op.unit is None:
        message = f"{op.name}: it declares no unit"
        raise ValueError(message)
    for (x,) in _draws(op, 1, count, seed):
        _agree(op, (op.unit, x), op(op.unit, x), x, "its unit changes the other input")
        _agree(op, (x, op.unit), op(x, op.unit), x, "its unit changes the other input")


def _between(low: float, high: float, rng: random.Random) -> float:
    ends = rng.random() < END_CHANCE
    return rng.choice((low, high)) if ends else rng.uniform(low, high)


def _draws(op: Op, operands: int, count: int, seed: int) -> list[tuple[float, ...]]:
    rng = random.Random(seed)  # noqa: S311  samples, not secrets
    low, high = op.domain[0]
    return [tuple(rng.uniform(low, high) for _ in range(operands)) for _ in range(count)]


def _agree(op: Op, inputs: tuple[float, ...], a: float, b: float, broken: str) -> None:
    if not _near(a, b, LAW_TOLERANCE):
        message = f"{op.name}: {broken}: {a!r} and {b!r} at {inputs}"
        raise AssertionError(message)


def _near(a: float, b: float, tolerance: float) -> bool:
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
