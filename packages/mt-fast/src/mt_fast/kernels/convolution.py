r"""Convolution as a matrix product whose second factor is never written out.

$y_{o,p} = \sum_k w_{o,k}\, u_{k,p}$ where k runs over channel and tap, p over the pixels of a row,
and row k of u is a piece of the image that starts elsewhere for each k. So the tiles of the matrix
product do the work, with a table that says where row k starts.

One image at a time is copied into a frame: surrounded by its padding, stretched by `dilation`
(zeros between the elements, for the gradient of a convolution with a stride), and with its columns
sorted by their remainder modulo the stride, so that the pixels which one tap reads are neighbours.

A unit of work is one image.

`layout` holds, in this order: channels C and O; height and width of the image, of the frame and
of the output; KH, KW; stride, padding and dilation, each down and right; the strides of the image
(N, C, H, W), of the kernels (O, C, KH, KW) and of the output (N, O, H, whose rows are dense).

Bound by the compiler: `ALL`, the types of the elements; `STRIP`, the elements in a row of a tile;
`LANES`, those of a vector.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, E741, F821, FBT003  templates: O is the number of outputs

import numpy as np

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.dots import CHANNELS, TAPS, dots
from mt_fast.kernels.intrinsics import get, put
from mt_fast.kernels.tile import FIRST, HEIGHT, tile


def fill_frame(frame, x, at, layout, line):
    """Copy an image, (C, H, W) from `at`, into the frame; a row of it is `line` elements."""
    H, W, FH, FW = layout[2], layout[3], layout[4], layout[5]
    right, top, left, down, across = layout[11], layout[12], layout[13], layout[14], layout[15]
    phase = line // right
    low = max(-(left // across), 0)
    high = min((FW - 1 - left) // across + 1, W)
    for c in range(layout[0]):
        for y in range(H):
            row = y * down + top
            if row < 0 or row >= FH:
                continue
            source = at + c * layout[17] + y * layout[18]
            target = (c * FH + row) * line
            if right == 1 and across == 1 and layout[19] == 1:
                for i in range(low, high):
                    put(frame, target + left + i, get(x, source + i))
            else:
                for i in range(low, high):
                    column = left + i * across
                    to = target + column % right * phase + column // right
                    put(frame, to, get(x, source + i * layout[19]))


def fill_table(table, layout, line):
    """Write where row k of u starts in the frame: for each channel and tap."""
    C, FH, KH, KW, right = layout[0], layout[4], layout[8], layout[9], layout[11]
    k = 0
    for c in range(C):
        for i in range(KH):
            for j in range(KW):
                table[k] = (c * FH + i) * line + j % right * (line // right) + j // right
                k += 1


def fill_weight(packed, weight, at, layout):
    """Copy the kernels as (k, O): what a tile reads at each step is together."""
    C, O, KH, KW = layout[0], layout[1], layout[8], layout[9]
    for o in range(O):
        k = 0
        for c in range(C):
            for i in range(KH):
                for j in range(KW):
                    source = at + o * layout[20] + c * layout[21] + i * layout[22] + j * layout[23]
                    put(packed, k * O + o, get(weight, source))
                    k += 1


def correlate(data, layout, first, last):
    """Correlate images with kernels."""
    out, x, weight = storages(data, 0, ALL)
    at = positions(data, 3, ALL)
    C, O, FH, FW = layout[0], layout[1], layout[4], layout[5]
    OH, OW, down = layout[6], layout[7], layout[10]
    depth = C * layout[8] * layout[9]
    line = -(-FW // layout[11]) * layout[11]
    frame = np.zeros(C * FH * line, out.dtype)
    packed = np.empty(depth * O, out.dtype)
    table = np.empty(depth, np.int64)
    fill_table(table, layout, line)
    fill_weight(packed, weight, at[2], layout)
    for n in range(first, last):
        fill_frame(frame, x, at[1] + n * layout[16], layout, line)
        o = 0
        while o < O:
            height = FIRST[O - o] if O - o < HEIGHT else HEIGHT
            for y in range(OH):
                to = at[0] + n * layout[24] + o * layout[25] + y * layout[26]
                for j in range(0, OW, STRIP):
                    left = (packed, o, 1, O)
                    right = (frame, y * down * line + j, table)
                    corner = (out, to + j, layout[25])
                    tile(height, left, right, corner, depth, min(STRIP, OW - j), False)
            o += height


def correlate_gradient(data, layout, first, last):
    r"""Pull a gradient back to the kernels.

    $\bar w_{o,k} = \sum_p \bar y_{o,p} u_{k,p}$, summed over the pixels in the lanes of vectors.
    A unit of work is `layout[27]` images of all `layout[28]`: its sum goes to an output of its own.

    The storages are the output (unit, O, C KH KW), dense; the images; the gradient. `layout` is
    that of `correlate`, with the strides of the gradient in place of those of the output.
    """
    out, x, grad = storages(data, 0, ALL)
    at = positions(data, 3, ALL)
    C, O, FH, FW = layout[0], layout[1], layout[4], layout[5]
    OH, OW, down = layout[6], layout[7], layout[10]
    depth = C * layout[8] * layout[9]
    line = -(-FW // layout[11]) * layout[11]
    frame = np.zeros(C * FH * line, out.dtype)
    taps = -(-depth // TAPS) * TAPS
    table = np.empty(taps, np.int64)
    fill_table(table, layout, line)
    table[depth:] = table[depth - 1]
    groups = -(-O // CHANNELS)
    sums = np.empty(taps * groups * CHANNELS * LANES, out.dtype)
    for unit in range(first, last):
        sums[:] = 0.0
        for n in range(unit * layout[27], min((unit + 1) * layout[27], layout[28])):
            fill_frame(frame, x, at[1] + n * layout[16], layout, line)
            start = at[2] + n * layout[24]
            for j in range(0, OW, LANES):
                for k in range(0, taps, TAPS):
                    for g in range(groups):
                        o = g * CHANNELS
                        dots(
                            (frame, j, down * line, table, k),
                            (grad, start + o * layout[25] + j, layout[26], layout[25]),
                            (sums, (k * groups + g * TAPS) * CHANNELS * LANES),
                            min(CHANNELS, O - o),
                            OH,
                            min(LANES, OW - j),
                        )
        for o in range(O):
            for k in range(depth):
                place = (k // TAPS * groups + o // CHANNELS) * TAPS + k % TAPS
                place = (place * CHANNELS + o % CHANNELS) * LANES
                total = sums[place]
                for lane in range(1, LANES):
                    total += sums[place + lane]
                put(out, at[0] + (unit * O + o) * depth + k, total)
