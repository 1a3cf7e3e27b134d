r"""From the ordinal of an element to its position, for any layout, without a division.

A thread knows the ordinal of its element and needs its index: a division by the size of each
dimension but the first. A GPU has no instruction for that; 64-bit division is a call of some
hundred instructions. Dividing by a number that the host knows is one multiplication:

$\lfloor n / d \rfloor = \lfloor n m / 2^{32+s} \rfloor$ for all $n < 2^{31}$, with
$s = \lceil \log_2 d \rceil - 1$ and $m = \lceil 2^{32+s} / d \rceil < 2^{32}$,

because $m d - 2^{32+s} < d \le 2^{s+1}$, so the error of the quotient is below $n / 2^{31} < 1$ of
the least distance between two quotients.

The functions here make functions for a number of dimensions, by recursion: a loop over a tuple
whose index varies would put it into slow local memory.

Source: Granlund and Montgomery, Division by Invariant Integers using Multiplication, 1994.
"""

from typing import Any

from numba import int64, uint32, uint64

from mt_cuda.device import inline

LIMIT = 1 << 31
"""Ordinals are below this, so that they and the division fit 32 bits."""


def magic(d: int) -> tuple[int, int]:
    """Return the multiplier and the shift that divide by `d`, from 1 to `LIMIT`.

    >>> multiplier, shift = magic(7)
    >>> all((n * multiplier) >> shift == n // 7 for n in (0, 6, 7, 13, 14, LIMIT - 1))
    True
    """
    shift = 32 + (d - 1).bit_length() - 1
    return ((1 << shift) + d - 1) // d, shift


@inline
def divide(n: Any, multiplier: Any, shift: Any) -> Any:
    """Return the quotient by the number of which these are the `magic`."""
    return uint32((uint64(n) * uint64(multiplier)) >> uint64(shift))


def unraveler(ndim: int) -> Any:
    """Make a function of an ordinal and the sizes that returns the index, row-major.

    The sizes come with their multipliers and shifts, one of each for a dimension; those of the
    first are not used.
    """
    if ndim == 1:
        return inline(lambda ordinal, _sizes, _multipliers, _shifts: (ordinal,))
    outer = unraveler(ndim - 1)

    @inline
    def unravel(ordinal: Any, sizes: Any, multipliers: Any, shifts: Any) -> Any:
        above = divide(ordinal, multipliers[-1], shifts[-1])
        last = uint32(ordinal - uint32(above * sizes[-1]))
        return (*outer(above, sizes[:-1], multipliers[:-1], shifts[:-1]), last)

    return unravel


def locator(ndim: int) -> Any:
    """Make a function of an index and strides that returns the position."""
    if ndim == 1:
        return inline(lambda index, strides: int64(index[0]) * strides[0])
    rest = locator(ndim - 1)

    @inline
    def locate(index: Any, strides: Any) -> Any:
        return int64(index[0]) * strides[0] + rest(index[1:], strides[1:])

    return locate
