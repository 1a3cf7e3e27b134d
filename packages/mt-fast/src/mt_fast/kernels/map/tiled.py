"""Step 3 of 3, tiled: `out[i] = fn(a[i], b[i], ...)` over any layouts; this is in use.

`flat` is the common case: elements that lie in one run, in every operand. `blocks` handles the
rest: all dimensions but two are outer loops; the last two make rectangles. An operand that is not
dense along the rows of a rectangle, or broadcast, is first copied to one that is, small enough to
stay in the cache (`moves`); so the loop over a row is one over neighbours, whatever the layout.

Measured: 120 to 145 GB/s for two contiguous matrices in float32, 1.2 to 1.4 times `merged`; 92 for
a matrix and a row, 1.4 times; 35 to 43 for a transposed one, 3 to 4 times.

Bound by the compiler: `fn`, the operator; `number`, the type to compute in; `ALL`, the types of the
elements; `STEPS`, for the output and each operand the stride of the last dimension, 0 or 1.
Constant strides are what lets LLVM use vector loads and hoist broadcast operands.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ARG001, F821  templates: their names are bound, their types inferred

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.elements import advance
from mt_fast.kernels.intrinsics.staging import brought, give, moved, sent, take


def flat(data, layout, first, last):
    """Visit elements from `first` up to `last`, a unit of work each, that lie in a run."""
    group = storages(data, 0, ALL)
    start = positions(data, len(ALL), ALL)
    for i in range(first, last):
        give(group, start[0] + i, fn(*take(number, group, start, i, STEPS)))


def blocks(data, layout, first, last):
    """Visit rectangles; a unit of work is one of them, `rows` x `columns` or what is left.

    `layout` holds the number of dimensions, at least two; rows and columns of a rectangle; for the
    output the address of what copies it from dense rows, for each operand of what copies it to
    dense rows, or 0; the strides as (dimension, operand), and the sizes, of the dimension down a
    rectangle, of the one along its rows, and of the others, the innermost first.
    """
    group = storages(data, 0, ALL)
    inner, rows, columns = layout[0] - 1, layout[1], layout[2]
    movers, n = 3, len(ALL)
    down, right = movers + n, movers + 2 * n
    sizes = movers + n + (inner + 1) * n
    height, width = layout[sizes], layout[sizes + 1]
    across = -(-width // columns)
    upright = -(-height // rows)
    for unit in range(first, last):
        start = positions(data, n, ALL)
        outer = unit // (across * upright)
        for d in range(2, inner + 1):
            start = advance(start, layout, down + d * n, outer % layout[sizes + d])
            outer //= layout[sizes + d]
        row = unit // across % upright * rows
        column = unit % across * columns
        start = advance(advance(start, layout, right, column), layout, down, row)
        m, k = min(rows, height - row), min(columns, width - column)
        near, places, steps = brought(group, start, layout, movers, m, k)
        for i in range(m):
            at = moved(places, steps, i)
            for j in range(k):
                give(near, at[0] + j, fn(*take(number, near, at, j, STEPS)))
        sent(group, near, start, layout, movers, m, k)
