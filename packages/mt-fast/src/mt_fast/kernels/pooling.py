"""Pooling: a fold over every window of an image, and its gradient.

A unit of work is one channel of one image. `layout` holds the height and width of the images and
of the pooled images; the window, high and wide; its stride, down and right; how many channels
there are; the strides (N, C, H, W) of the images; those of the pooled images, and for the gradient
of the maximum those of the images' gradient.

Bound by the compiler: `ALL`, the types of the elements; `number`, that of the pooled images.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821, PLR0913, PLR0917  templates

import numpy as np

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics import get, put


def channel_at(start, layout, at, unit):
    """Return the position of a channel of an image; `at` is where its strides are."""
    return start + unit // layout[8] * layout[at] + unit % layout[8] * layout[at + 1]


def add_line(out, to, out_step, x, source, step, count):
    """Add a line of one storage to a line of another; LLVM vectorises the first loop."""
    if out_step == 1 and step == 1:
        for j in range(count):
            put(out, to + j, get(out, to + j) + get(x, source + j))
    else:
        for j in range(count):
            place = to + j * out_step
            put(out, place, get(out, place) + get(x, source + j * step))


def average(data, layout, first, last):
    """Average over windows: first the rows of all windows side by side, then their columns."""
    out, x = storages(data, 0, ALL)
    start = positions(data, 2, ALL)
    W, OH, OW, KH, KW = layout[1], layout[2], layout[3], layout[4], layout[5]
    down, right = layout[11], layout[12]
    sums = np.empty(W, number)
    share = number(1.0 / (KH * KW))
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 13, unit), channel_at(start[1], layout, 9, unit)
        for oy in range(OH):
            sums[:] = number(0.0)
            for i in range(KH):
                row = source + (oy * layout[6] + i) * down
                add_line(sums, 0, 1, x, row, right, W)
            for ox in range(OW):
                total = number(0.0)
                for j in range(KW):
                    total += get(sums, ox * layout[7] + j)
                put(out, to + oy * layout[15] + ox * layout[16], total * share)


def average_gradient(data, layout, first, last):
    """Give each element of a window an equal share; `out` holds images, `grad` pooled ones."""
    out, grad = storages(data, 0, ALL)
    start = positions(data, 2, ALL)
    H, W, OH, OW, KH, KW = layout[0], layout[1], layout[2], layout[3], layout[4], layout[5]
    down, right = layout[11], layout[12]
    shares = np.empty(W, number)
    share = number(1.0 / (KH * KW))
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 9, unit), channel_at(start[1], layout, 13, unit)
        for y in range(H):
            for j in range(W):
                put(out, to + y * down + j * right, number(0.0))
        for oy in range(OH):
            shares[:] = number(0.0)
            for ox in range(OW):
                value = get(grad, source + oy * layout[15] + ox * layout[16]) * share
                for j in range(KW):
                    put(shares, ox * layout[7] + j, get(shares, ox * layout[7] + j) + value)
            for i in range(KH):
                row = to + (oy * layout[6] + i) * down
                add_line(out, row, right, shares, 0, 1, W)


def first_maximum(x, corner, layout):
    """Return row and column, in a window, of its first maximum; a nan is above any number."""
    row, column, most = 0, 0, get(x, corner)
    for i in range(layout[4]):
        for j in range(layout[5]):
            value = get(x, corner + i * layout[11] + j * layout[12])
            if value > most or (value != value and most == most):  # noqa: PLR0124  nan
                row, column, most = i, j, value
    return row, column, most


def maximum(data, layout, first, last):
    """Take the maximum over windows."""
    out, x = storages(data, 0, ALL)
    start = positions(data, 2, ALL)
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 13, unit), channel_at(start[1], layout, 9, unit)
        for oy in range(layout[2]):
            for ox in range(layout[3]):
                corner = source + oy * layout[6] * layout[11] + ox * layout[7] * layout[12]
                most = first_maximum(x, corner, layout)[2]
                put(out, to + oy * layout[15] + ox * layout[16], most)


def maximum_gradient(data, layout, first, last):
    """Give the gradient of a window to its first maximum; the storages are `out`, `grad`, `x`."""
    out, grad, x = storages(data, 0, ALL)
    start = positions(data, 3, ALL)
    down, right = layout[19], layout[20]
    for unit in range(first, last):
        to, source = channel_at(start[0], layout, 17, unit), channel_at(start[2], layout, 9, unit)
        gradient = channel_at(start[1], layout, 13, unit)
        for y in range(layout[0]):
            for j in range(layout[1]):
                put(out, to + y * down + j * right, number(0.0))
        for oy in range(layout[2]):
            for ox in range(layout[3]):
                row, column = oy * layout[6], ox * layout[7]
                corner = source + row * layout[11] + column * layout[12]
                i, j, _ = first_maximum(x, corner, layout)
                value = get(grad, gradient + oy * layout[15] + ox * layout[16])
                place = to + (row + i) * down + (column + j) * right
                put(out, place, get(out, place) + value)
