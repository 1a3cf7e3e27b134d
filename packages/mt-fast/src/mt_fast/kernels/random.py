"""Dropout by Philox: the words of a counter, without a state that threads would have to share.

Four words of a counter decide about four elements. The rounds are multiplications of 32-bit words
into 64 bits, which LLVM puts side by side: eight counters in a vector.

Bound by the compiler: `ALL`, the types of the elements; `number`, the type to compute in.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821  templates: their names are bound, their types inferred

import numpy as np

from mt_fast.kernels.calling import storages
from mt_fast.kernels.intrinsics.elements import get, put

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
FIRST = np.uint64(0xD2511F53)
SECOND = np.uint64(0xCD9E8D57)
GOLDEN = np.uint64(0x9E3779B9)
ROOT = np.uint64(0xBB67AE85)


def words(counter, key):
    """Return the four words of a counter, by ten rounds."""
    a, b, c, d = counter & LOW, counter >> HALF, np.uint64(0), np.uint64(0)
    low, high = key & LOW, key >> HALF
    for _ in range(10):
        first, second = a * FIRST, c * SECOND
        a, b = (second >> HALF) ^ b ^ low, second & LOW
        c, d = (first >> HALF) ^ d ^ high, first & LOW
        low, high = (low + GOLDEN) & LOW, (high + ROOT) & LOW
    return a, b, c, d


def kept(word, threshold, share, value):
    """Return the value in its share, or 0 if its word is below the threshold."""
    return value * share if word >= threshold else number(0.0)


def dropout(data, layout, first, last):
    """Drop elements of dense storages; a unit of work is a counter, four elements.

    The storages are the output, the operand, and the words of the key and the threshold; then the
    share that what is kept is scaled by. `layout` holds the number of elements.
    """
    out, a, choice, shares = storages(data, 0, ALL)
    share = number(get(shares, 0))
    key, threshold = get(choice, 0), get(choice, 1)
    whole = layout[0] // 4
    for i in range(first, min(last, whole)):
        drawn = words(np.uint64(i), key)
        for k in range(4):
            put(out, 4 * i + k, kept(drawn[k], threshold, share, get(a, 4 * i + k)))
    if last > whole:
        drawn = words(np.uint64(whole), key)
        for k in range(layout[0] - 4 * whole):
            put(out, 4 * whole + k, kept(drawn[k], threshold, share, get(a, 4 * whole + k)))
