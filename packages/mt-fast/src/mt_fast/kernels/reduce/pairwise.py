"""Step 2 of 3, pairwise: blocks are folded one by one, and their results meet as in a tournament.

Two results of one block each meet, then two of two blocks, then two of four. The totals that are
added are of like size, so the error of a sum grows with the logarithm of its length. As many levels
wait for their partner as the number of blocks has bits: after block n, as many rounds follow as n
ends with ones.

Measured: 12 GB/s for a million numbers in float32: the blocks do not wait for each other. Their
sum is exact to six digits and more, where that of `naive` is 1 % off.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, PLR0913, PLR0917  kernels: types are inferred

import numpy as np
from numba import prange

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.step import kernel

BLOCK = 128
"""Elements that are folded one after the other."""

LEVELS = 48
"""Rounds of the tournament: enough for 2^48 blocks."""


@kernel
def fold(fn, unit, out, a, start, shape, strides):
    """Fold the last dimension; arguments as in `naive`."""
    last = len(shape) - 1
    for ordinal in prange(len(out)):
        block, at = len(out), start
        for d in range(last):
            block //= shape[d]
            at += ordinal // block % shape[d] * strides[d]
        put(out, ordinal, tournament(fn, out.dtype.type(unit), a, at, shape[last], strides[last]))


@kernel
def tournament(fn, unit, a, at, count, step):
    """Return the fold of `count` elements, `step` apart."""
    levels = np.empty(LEVELS, a.dtype)
    blocks = -(-count // BLOCK)
    for ordinal in range(blocks):
        total = unit
        for j in range(ordinal * BLOCK, min((ordinal + 1) * BLOCK, count)):
            total = fn(total, get(a, at + j * step))
        level = 0
        while ordinal >> level & 1:
            total = fn(levels[level], total)
            level += 1
        levels[level] = total
    total = unit
    for level in range(LEVELS):
        if blocks >> level & 1:
            total = fn(levels[level], total)
    return total
