"""Pooling: a fold over every window of an image, and its gradient.

A unit of work is one channel of one image. `layout` holds the height and width of the images and
of the pooled images; how many channels there are; the strides (N, C, H, W) of the images; those of
the pooled images, and for the gradient of the maximum those of the images' gradient.

The windows are constants of a kernel, so that the loops over them are written out.

Bound by the compiler: `ALL`, the types of the elements; `number`, that of the pooled images; `KH`
and `KW`, the size of a window; `DOWN` and `RIGHT`, how far windows are apart; `APART`, whether they
lie side by side or farther, for `spread_windows`; `ROOM`, the elements of two vectors.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821  templates

import numpy as np

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.runs import copy_rows, sum_rows
from mt_fast.kernels.intrinsics.windows import spread_windows, sum_windows


def channel_at(start, layout, at, unit):
    """Return the position of a channel of an image; `at` is where its strides are."""
    return start + unit // layout[4] * layout[at] + unit % layout[4] * layout[at + 1]


def clear(out, to, layout, at):
    """Set a channel of an image to 0; `at` is where its strides down and right are."""
    down, right = layout[at], layout[at + 1]
    for y in range(layout[0]):
        for j in range(layout[1]):
            put(out, to + y * down + j * right, number(0.0))


def average(data, layout, first, last):
    """Average over windows: first the rows of all windows side by side, then their columns."""
    out, x = storages(data, 0, ALL)
    start = positions(data, 2, ALL)
    W, OH, OW = layout[1], layout[2], layout[3]
    down, right = layout[7], layout[8]
    sums = np.zeros(W + KW + ROOM, number)
    share = number(1.0 / (KH * KW))
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 9, unit), channel_at(start[1], layout, 5, unit)
        for oy in range(OH):
            row = source + oy * DOWN * down
            if right == 1:
                sum_rows((sums, 0), (x, row, down), KH, W)
            else:
                for j in range(W):
                    total = get(x, row + j * right)
                    for i in range(1, KH):
                        total += get(x, row + i * down + j * right)
                    put(sums, j, total)
            line = to + oy * layout[11]
            if layout[12] == 1:
                sum_windows((out, line), (sums, 0), OW, KW, RIGHT, share)
                continue
            for ox in range(OW):
                total = get(sums, ox * RIGHT)
                for j in range(1, KW):
                    total += get(sums, ox * RIGHT + j)
                put(out, line + ox * layout[12], total * share)


def fill_shares(shares, grad, source, layout):
    """Write what the rows of each row of windows get: (OH, W), overlapping windows added up."""
    W, OH, OW = layout[1], layout[2], layout[3]
    share = number(1.0 / (KH * KW))
    if APART and layout[12] == 1:
        for oy in range(OH):
            line = source + oy * layout[11]
            spread_windows((shares, oy * W), (grad, line), OW, KW, RIGHT, share)
        return
    shares[:] = number(0.0)
    for oy in range(OH):
        for ox in range(OW):
            value = get(grad, source + oy * layout[11] + ox * layout[12]) * share
            place = oy * W + ox * RIGHT
            for j in range(KW):
                put(shares, place + j, get(shares, place + j) + value)


def average_gradient(data, layout, first, last):
    """Give each element of a window an equal share; `out` holds images, `grad` pooled ones."""
    out, grad = storages(data, 0, ALL)
    start = positions(data, 2, ALL)
    H, W, OH = layout[0], layout[1], layout[2]
    down, right = layout[7], layout[8]
    shares = np.zeros(OH * W + ROOM, number)
    rest = np.zeros(W, number)
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 5, unit), channel_at(start[1], layout, 9, unit)
        fill_shares(shares, grad, source, layout)
        if right == 1 and DOWN == KH:
            for oy in range(OH):
                copy_rows((out, to + oy * KH * down, down), (shares, oy * W, 0), KH, W)
            copy_rows((out, to + OH * KH * down, down), (rest, 0, 0), H - OH * KH, W)
            continue
        clear(out, to, layout, 7)
        for oy in range(OH):
            for i in range(KH):
                row = to + (oy * DOWN + i) * down
                for j in range(W):
                    place = row + j * right
                    put(out, place, get(out, place) + get(shares, oy * W + j))


def first_maximum(x, corner, down, right):
    """Return row and column, in a window, of its first maximum; a nan is above any number."""
    row, column, most = 0, 0, get(x, corner)
    for i in range(KH):
        for j in range(KW):
            value = get(x, corner + i * down + j * right)
            if value > most or (value != value and most == most):  # noqa: PLR0124  nan
                row, column, most = i, j, value
    return row, column, most


def maximum(data, layout, first, last):
    """Take the maximum over windows."""
    out, x = storages(data, 0, ALL)
    start = positions(data, 2, ALL)
    down, right = layout[7], layout[8]
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 9, unit), channel_at(start[1], layout, 5, unit)
        for oy in range(layout[2]):
            for ox in range(layout[3]):
                corner = source + oy * DOWN * down + ox * RIGHT * right
                most = first_maximum(x, corner, down, right)[2]
                put(out, to + oy * layout[11] + ox * layout[12], most)


def maximum_gradient(data, layout, first, last):
    """Give the gradient of a window to its first maximum; the storages are `out`, `grad`, `x`."""
    out, grad, x = storages(data, 0, ALL)
    start = positions(data, 3, ALL)
    down, right = layout[15], layout[16]
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 13, unit), channel_at(start[2], layout, 5, unit)
        gradient = channel_at(start[1], layout, 9, unit)
        clear(out, to, layout, 15)
        for oy in range(layout[2]):
            for ox in range(layout[3]):
                row, column = oy * DOWN, ox * RIGHT
                corner = source + row * layout[7] + column * layout[8]
                i, j, _ = first_maximum(x, corner, layout[7], layout[8])
                value = get(grad, gradient + oy * layout[11] + ox * layout[12])
                place = to + (row + i) * down + (column + j) * right
                put(out, place, get(out, place) + value)
