"""Pooling: a fold over every window of an image, and its gradient.

A unit of work is one channel of one image. `layout` holds the height and width of the images and
of the pooled images; how many channels there are; the strides (N, C, H, W) of the images; those of
the pooled images, and for the gradient of the maximum those of the images' gradient.

The windows are constants of a kernel, so that the loops over them are written out.

Bound by the compiler: `ALL`, the types of the elements; `number`, that of the pooled images; `KH`
and `KW`, the size of a window; `DOWN` and `RIGHT`, how far windows are apart; `APART`, whether they
lie side by side or farther, for `spread_windows`.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821  templates

import numpy as np

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.elements import get, put
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


def window_sum(x, corner, down, right):
    """Add up a window: its rows first, as `sum_windows` does, then its columns."""
    total = number(0.0)
    for j in range(KW):
        column = get(x, corner + j * right)
        for i in range(1, KH):
            column += get(x, corner + i * down + j * right)
        total += column
    return total


def average(data, layout, first, last):
    """Average over windows."""
    out, x = storages(data, 0, ALL)
    start = positions(data, 2, ALL)
    OH, OW = layout[2], layout[3]
    down, right = layout[7], layout[8]
    below, beside = layout[11], layout[12]
    share = number(1.0 / (KH * KW))
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 9, unit), channel_at(start[1], layout, 5, unit)
        for oy in range(OH):
            row, line = source + oy * DOWN * down, to + oy * below
            if right == 1 and beside == 1:
                sum_windows((out, line), (x, row, down), KH, OW, KW, RIGHT, share)
                continue
            for ox in range(OW):
                total = window_sum(x, row + ox * RIGHT * right, down, right)
                put(out, line + ox * beside, total * share)


def lay_windows(out, to, grad, source, layout):
    """Write a channel of images from dense windows that lie apart, each element once."""
    H, W, OH, OW = layout[0], layout[1], layout[2], layout[3]
    down, below = layout[7], layout[11]
    share = number(1.0 / (KH * KW))
    for oy in range(OH):
        row, line = to + oy * DOWN * down, (grad, source + oy * below)
        spread_windows((out, row, down), line, (KH, W), OW, KW, RIGHT, share)
        rest = (DOWN if oy + 1 < OH else H - oy * DOWN) - KH
        spread_windows((out, row + KH * down, down), line, (rest, W), 0, KW, RIGHT, share)


def add_windows(out, to, grad, source, layout):
    """Add up windows that overlap, or whose elements lie anywhere: each row of windows first."""
    W = layout[1]
    down, right = layout[7], layout[8]
    share = number(1.0 / (KH * KW))
    shares = np.empty(W, number)
    clear(out, to, layout, 7)
    for oy in range(layout[2]):
        shares[:] = number(0.0)
        for ox in range(layout[3]):
            value = get(grad, source + oy * layout[11] + ox * layout[12]) * share
            for j in range(ox * RIGHT, ox * RIGHT + KW):
                put(shares, j, get(shares, j) + value)
        for i in range(oy * DOWN, oy * DOWN + KH):
            for j in range(W):
                place = to + i * down + j * right
                put(out, place, get(out, place) + get(shares, j))


def average_gradient(data, layout, first, last):
    """Give each element of a window an equal share; `out` holds images, `grad` pooled ones."""
    out, grad = storages(data, 0, ALL)
    start = positions(data, 2, ALL)
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 5, unit), channel_at(start[1], layout, 9, unit)
        if APART and layout[8] == 1 and layout[12] == 1:
            lay_windows(out, to, grad, source, layout)
        else:
            add_windows(out, to, grad, source, layout)


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
