"""When a result of a kernel is right: near the exact one by a few roundings, and nan only with it.

Kernels may sum in another order and use other formulas than the oracle, so they are allowed some
units in the last place; an element that is nan, infinite or missing is never near a number.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

ROUNDINGS = 64
"""How many units in the last place a result may be off."""


def assert_close(actual: Array, expected: Array, *, scale: Any = 1.0, about: str = "") -> None:
    """Compare with an oracle, to `ROUNDINGS` units in the last place of the actual dtype.

    Args:
        actual: what the kernel made.
        expected: what it should be, in float64 or exact; rounded to the dtype of `actual`, so that
            what overflows there is infinite.
        scale: the size of the terms that cancel in it, a number or an array of the same shape;
            the unit is that of `max(|expected|, scale)`.
        about: what is compared, for the message.

    Raises:
        AssertionError: shapes differ, or an element does, nan and infinities included.
    """
    if actual.shape != np.shape(expected):
        message = f"{about}: the shape is {actual.shape} and should be {np.shape(expected)}"
        raise AssertionError(message)
    if actual.dtype.kind != "f":
        np.testing.assert_array_equal(actual, expected, err_msg=about)
        return
    with np.errstate(over="ignore", invalid="ignore"):
        wanted = np.asarray(expected).astype(actual.dtype)
        error = abs(actual.astype(np.float64) - wanted)
        unit = np.finfo(actual.dtype).eps * np.maximum(abs(wanted.astype(np.float64)), scale)
    same = (actual == wanted) | (np.isnan(actual) & np.isnan(wanted))
    near = np.isfinite(wanted) & (error <= ROUNDINGS * unit)
    if not (same | near).all():
        raise AssertionError(_report(about, actual, wanted, ~(same | near)))


def _report(about: str, actual: Array, wanted: Array, wrong: Array) -> str:
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    count = int(np.count_nonzero(wrong))
    return (
        f"{about}: {count} of {actual.size} elements differ; at {first} there is "
        f"{actual[first]!r} and should be {wanted[first]!r}"
    )
