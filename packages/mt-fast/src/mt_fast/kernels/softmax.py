"""The logarithm of softmax along an axis: maximum, sum of exponentials and result in one kernel.

A unit of work is one run along the axis. `layout` holds its length; the number of other
dimensions; the strides of the axis; then for each other dimension its size and strides. Strides
are those of the output and then of the operands.

Bound by the compiler: `ALL`, the types of the elements; `number`, the type to compute in; `exp`,
`log`, and `largest`, which is nan where an input is.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821  templates: their names are bound, their types inferred

import numpy as np

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.elements import advance, get, put


def run_at(data, layout, unit):
    """Return the positions where a run starts."""
    count = len(ALL)
    start = positions(data, count, ALL)
    for d in range(layout[1] - 1, -1, -1):
        place = 2 + count + d * (count + 1)
        start = advance(start, layout, place + 1, unit % layout[place])
        unit //= layout[place]
    return start


def total(values, n):
    """Sum values; LLVM may reorder this sum to add several at once."""
    result = number(0.0)
    for j in range(n):
        result += get(values, j)
    return result


def log_softmax(data, layout, first, last):
    r"""Set each run to $x_j - m - \ln \sum_k e^{x_k - m}$, with m the maximum."""
    out, x = storages(data, 0, ALL)
    n, to_step, x_step = layout[0], layout[2], layout[3]
    shifted, powers = np.empty(n, number), np.empty(n, number)
    for unit in range(first, last):
        to, source = run_at(data, layout, unit)
        most = number(-INF)
        for j in range(n):
            most = largest(most, get(x, source + j * x_step))
        for j in range(n):
            put(shifted, j, get(x, source + j * x_step) - most)
        for j in range(n):
            put(powers, j, exp(get(shifted, j)))
        scale = log(total(powers, n))
        for j in range(n):
            put(out, to + j * to_step, get(shifted, j) - scale)


def log_softmax_gradient(data, layout, first, last):
    r"""Set each run to $g_j - e^{y_j} \sum_k g_k$; the storages are out, g and y."""
    out, grad, y = storages(data, 0, ALL)
    n, to_step, grad_step, y_step = layout[0], layout[2], layout[3], layout[4]
    values = np.empty(n, number)
    for unit in range(first, last):
        to, slope, source = run_at(data, layout, unit)
        for j in range(n):
            put(values, j, get(grad, slope + j * grad_step))
        scale = total(values, n)
        for j in range(n):
            share = exp(get(y, source + j * y_step)) * scale
            put(out, to + j * to_step, get(values, j) - share)
