"""Elementwise kernels: `out[i] = fn(a[i], b[i], ...)` over any layouts.

`flat` is the common case: storages that agree element for element. `block` handles the rest: all
dimensions but two are outer loops; the last two make rectangles, walked row by row, or in small
tiles where one operand runs across the rows of another. A unit of work is one rectangle of at
most `rows` x `columns` elements, so that threads can share the units.

Bound by the compiler: `fn`, the operator; `number`, the type to compute in; `STEPS`, for the
output and each operand the stride of the last dimension if it is 0 or 1, else -1. Constant
strides of 0 and 1 are what lets LLVM use vector loads and hoist broadcast operands.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821  templates: their names are bound, their types inferred

from numba import prange

from mt_fast.kernels.intrinsics import advance, gather, inner_steps, put


def flat(out, operands):
    """Visit storages of one size from start to end."""
    for i in range(out.size):
        put(out, i, fn(*gather(number, operands, STARTS, i, STEPS)))


def block(out, operands, start, sizes, strides, rows, columns, unit):
    """Visit one rectangle: `rows` x `columns` elements, or what is left of them at the edge.

    Args:
        start: the position of the first element, of the output and each operand.
        sizes: the size of each dimension, of two or more.
        strides: (dimension, operand), the output first.
        unit: the ordinal of the rectangle; those of one matrix follow each other.
    """
    last = sizes.size - 1
    across = -(-sizes[last] // columns)
    down = -(-sizes[last - 1] // rows)
    outer = unit // (across * down)
    row = unit // across % down * rows
    column = unit % across * columns
    for d in range(last - 2, -1, -1):
        start = advance(start, strides, d, outer % sizes[d])
        outer //= sizes[d]
    steps = inner_steps(STEPS, strides)
    width = min(columns, sizes[last] - column)
    start = advance(start, strides, last, column)
    for i in range(row, min(row + rows, sizes[last - 1])):
        at = advance(start, strides, last - 1, i)
        for j in range(width):
            put(out, at[0] + j * steps[0], fn(*gather(number, operands, at, j, steps)))


def blocks(out, operands, start, sizes, strides, rows, columns, units):
    """Visit every rectangle in turn."""
    for unit in range(units):
        block(out, operands, start, sizes, strides, rows, columns, unit)


def blocks_parallel(out, operands, start, sizes, strides, rows, columns, units):
    """Share the rectangles among threads; each element belongs to exactly one."""
    for unit in prange(units):
        block(out, operands, start, sizes, strides, rows, columns, unit)
