"""Reduction kernels: `out[i] = fn(... fn(unit, a[i, 0]) ..., a[i, n - 1])` along any dimensions.

The folded dimensions are walked in blocks of at most `BLOCK` elements. The results of the blocks
meet pairwise, as in a tournament, so that the error of a sum grows with the logarithm of its
length and not with the length. `rows` folds the dimension that is dense in memory; `columns` is
for the other case, and folds many neighbouring outputs at once.

A *unit of work* is one output of `rows`, or one strip of outputs of `columns`. Where there are few
outputs the last kept dimension counts *segments*: parts of the folded elements, each with an
output of its own, which a second reduction folds. The order of all this depends on the layout
only, never on the number of threads.

Bound by the compiler: `fn`; `number`, the type to compute in; `UNIT`; `BLOCK`; `STEP`, the inner
stride of the input if it is 1, else -1.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821, PLR0913  templates: names are bound, types inferred

import numpy as np
from numba import prange

from mt_fast.kernels.intrinsics import advance, get, put

LEVELS = 48
"""Rounds of the tournament: enough for 2^48 blocks."""

WIDTH = 512
"""Outputs of a strip: its accumulators stay in the first-level cache."""


def block_at(position, sizes, strides, ordinal):
    """Return where a block of folded elements starts, and how many there are."""
    last = sizes.size - 1
    per_run = -(-sizes[last] // BLOCK)
    first = ordinal % per_run * BLOCK
    outer = ordinal // per_run
    position += first * strides[last]
    for d in range(last - 1, -1, -1):
        position += outer % sizes[d] * strides[d]
        outer //= sizes[d]
    return position, min(BLOCK, sizes[last] - first)


def unit_at(start, sizes, strides, ordinal):
    """Return the positions, in the output and the input, of one kept index."""
    for d in range(sizes.size - 1, -1, -1):
        start = advance(start, strides, d, ordinal % sizes[d])
        ordinal //= sizes[d]
    return start


def fold_run(a, position, step, count):
    """Fold a run of elements in order."""
    total = number(UNIT)
    for j in range(count):
        total = fn(total, number(get(a, position + j * step)))
    return total


def fold_row(a, position, sizes, strides, first, last):
    """Fold the blocks from `first` up to `last`, pairwise."""
    step = STEP if STEP == 1 else strides[sizes.size - 1]
    if last - first == 1:
        start, count = block_at(position, sizes, strides, first)
        return fold_run(a, start, step, count)
    levels = np.empty(LEVELS, number)
    for ordinal in range(last - first):
        start, count = block_at(position, sizes, strides, first + ordinal)
        total = fold_run(a, start, step, count)
        level, met = 0, ordinal
        while met & 1:
            total = fn(levels[level], total)
            level, met = level + 1, met >> 1
        levels[level] = total
    total, level, met = number(UNIT), 0, last - first
    while met:
        if met & 1:
            total = fn(levels[level], total)
        level, met = level + 1, met >> 1
    return total


def rows(out, a, start, kept, kept_strides, folded, folded_strides, segments, chunk, count):
    """Fold into each output in turn."""
    blocks = folded[:-1].prod() * -(-folded[-1] // BLOCK)
    share = -(-blocks // segments)
    for ordinal in range(count):
        to, position = unit_at(start, kept, kept_strides, ordinal)
        first = ordinal % segments * share
        last = max(min(first + share, blocks), first)
        put(out, to, fold_row(a, position, folded, folded_strides, first, last))


def rows_parallel(
    out, a, start, kept, kept_strides, folded, folded_strides, segments, chunk, count
):
    """Share the outputs among threads, `chunk` at a time."""
    blocks = folded[:-1].prod() * -(-folded[-1] // BLOCK)
    share = -(-blocks // segments)
    for part in prange(-(-count // chunk)):
        for ordinal in range(part * chunk, min(part * chunk + chunk, count)):
            to, position = unit_at(start, kept, kept_strides, ordinal)
            first = ordinal % segments * share
            last = max(min(first + share, blocks), first)
            put(out, to, fold_row(a, position, folded, folded_strides, first, last))


def fold_block(strip, a, position, count, down, step, width):
    """Set each entry of the strip to the fold of `count` elements, `down` apart."""
    for j in range(width):
        put(strip, j, number(UNIT))
    i = 0
    while i + 4 <= count:
        p = position + i * down
        for j in range(width):
            q = p + j * step
            total = fn(get(strip, j), number(get(a, q)))
            total = fn(total, number(get(a, q + down)))
            total = fn(total, number(get(a, q + 2 * down)))
            put(strip, j, fn(total, number(get(a, q + 3 * down))))
        i += 4
    while i < count:
        p = position + i * down
        for j in range(width):
            put(strip, j, fn(get(strip, j), number(get(a, p + j * step))))
        i += 1


def meet(levels, level, strip, width):
    """Fold a level of the tournament into the strip, the level on the left."""
    at = level * WIDTH
    for j in range(width):
        put(strip, j, fn(get(levels, at + j), get(strip, j)))


def fold_strip(strip, levels, a, position, step, width, sizes, strides, first, last):
    """Fold the blocks from `first` up to `last` of neighbouring outputs, pairwise."""
    down = strides[sizes.size - 1]
    for ordinal in range(last - first):
        start, count = block_at(position, sizes, strides, first + ordinal)
        fold_block(strip, a, start, count, down, step, width)
        level, met = 0, ordinal
        while met & 1:
            meet(levels, level, strip, width)
            level, met = level + 1, met >> 1
        if last - first > 1:
            for j in range(width):
                put(levels, level * WIDTH + j, get(strip, j))
    if last - first != 1:
        for j in range(width):
            put(strip, j, number(UNIT))
        level, met = 0, last - first
        while met:
            if met & 1:
                meet(levels, level, strip, width)
            level, met = level + 1, met >> 1


def strip_unit(
    out, a, start, kept, kept_strides, folded, folded_strides, segments, strip, levels, unit
):
    """Fold one strip: up to `WIDTH` outputs along the last kept dimension but one."""
    inner = kept.size - 2
    strips = -(-kept[inner] // WIDTH)
    blocks = folded[:-1].prod() * -(-folded[-1] // BLOCK)
    share = -(-blocks // segments)
    segment = unit % segments
    column = unit // segments % strips * WIDTH
    to, position = unit_at(start, kept[:inner], kept_strides, unit // segments // strips)
    to, position = advance((to, position), kept_strides, inner, column)
    to, position = advance((to, position), kept_strides, inner + 1, segment)
    step = STEP if STEP == 1 else kept_strides[inner, 1]
    width = min(WIDTH, kept[inner] - column)
    first = segment * share
    last = max(min(first + share, blocks), first)
    fold_strip(strip, levels, a, position, step, width, folded, folded_strides, first, last)
    for j in range(width):
        put(out, to + j * kept_strides[inner, 0], get(strip, j))


def columns(out, a, start, kept, kept_strides, folded, folded_strides, segments, chunk, count):
    """Fold strips of outputs in turn."""
    strip = np.empty(WIDTH, number)
    levels = np.empty(WIDTH * LEVELS, number)
    for unit in range(count):
        strip_unit(
            out, a, start, kept, kept_strides, folded, folded_strides, segments, strip, levels, unit
        )


def columns_parallel(
    out, a, start, kept, kept_strides, folded, folded_strides, segments, chunk, count
):
    """Share the strips among threads."""
    for unit in prange(count):
        strip = np.empty(WIDTH, number)
        levels = np.empty(WIDTH * LEVELS, number)
        strip_unit(
            out, a, start, kept, kept_strides, folded, folded_strides, segments, strip, levels, unit
        )
