r"""Convolution as a matrix product whose second factor is never written out.

$y_{o,p} = b_o + \sum_k w_{o,k}\, u_{k,p}$ where k runs over channel and tap, p over the pixels of a
row, and row k of u is a piece of the image that starts elsewhere for each k. So it is done as the
tiles of a matrix product are, with a table that says where row k starts, and a list of the strips,
runs of pixels, that make up an image of the output.

One image at a time is copied into a frame: surrounded by its padding, stretched by `dilation`
(zeros between the elements, for the gradient of a convolution with a stride), and with its columns
sorted by their remainder modulo the stride, so that the pixels which one tap reads are neighbours.

A unit of work is one image.

`layout` holds, in this order: channels C and O; height and width of the image, of the frame and
of the output; KH, KW; stride, padding and dilation, each down and right; the strides of the image
(N, C, H, W), of the kernels (O, C, KH, KW) and of the output (N, O, H, W); the length of a line of
the frame.

Bound by the compiler: `ALL`, the types of the elements; `LANES`, the elements of a vector;
`number`, the type to compute in.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, E741, F821  templates: O is the number of outputs

import numpy as np

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.dots import CHANNELS, FEW_TAPS, TAPS, aligned, dots, total
from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.runs import copy_and_add, copy_rows
from mt_fast.kernels.intrinsics.strips import MOST_STRIPS, STRIPS, WORDS, correlate_strips
from mt_fast.kernels.intrinsics.tile import FIRST, HEIGHT

LINE = 28
"""Where `layout` has the length of a line of the frame."""


def fill_frame(frame, x, at, layout):
    """Copy an image, (C, H, W) from `at`, into the frame."""
    H, W, FH, FW = layout[2], layout[3], layout[4], layout[5]
    right, top, left, down, across = layout[11], layout[12], layout[13], layout[14], layout[15]
    line = layout[LINE]
    phase = line // right
    low = max(-(left // across), 0)
    high = min((FW - 1 - left) // across + 1, W)
    first = max(-(top // down), 0)
    end = min((FH - 1 - top) // down + 1, H)
    for c in range(layout[0]):
        source = at + c * layout[17]
        target = (c * FH + top) * line
        if right == 1 and across == 1 and layout[19] == 1:
            to = target + first * down * line + left + low
            begin = source + first * layout[18] + low
            rows, width = max(end - first, 0), max(high - low, 0)
            copy_rows((frame, to, down * line), (x, begin, layout[18]), rows, width)
            continue
        for y in range(first, end):
            for i in range(low, high):
                column = left + i * across
                to = target + y * down * line + column % right * phase + column // right
                put(frame, to, get(x, source + y * layout[18] + i * layout[19]))


def fill_table(table, layout):
    """Write where row k of u starts in the frame: for each channel and tap."""
    C, FH, KH, KW, right = layout[0], layout[4], layout[8], layout[9], layout[11]
    line = layout[LINE]
    k = 0
    for c in range(C):
        for i in range(KH):
            for j in range(KW):
                table[k] = (c * FH + i) * line + j % right * (line // right) + j // right
                k += 1


def fill_strips(strips, layout):
    """List the strips of an image of the output: where they start, there too, and their pixels."""
    OH, OW = layout[6], layout[7]
    s = 0
    for y in range(OH):
        for j in range(0, OW, LANES):
            strips[s] = y * layout[10] * layout[LINE] + j
            strips[s + 1] = y * layout[26] + j
            strips[s + 2] = min(LANES, OW - j)
            s += WORDS


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


def fill_bias(biases, bias, at, step):
    """Copy one number for each channel."""
    for o in range(len(biases)):
        put(biases, o, get(bias, at + o * step))


def correlate(data, layout, first, last):
    """Correlate images with kernels.

    `layout[29]` says whether there is a bias, the fourth storage, and `layout[30]` is its stride.
    """
    out, x, weight, bias = storages(data, 0, ALL)
    at = positions(data, 4, ALL)
    C, O, FH = layout[0], layout[1], layout[4]
    depth = C * layout[8] * layout[9]
    count = layout[6] * -(-layout[7] // LANES)
    frame = np.zeros(C * FH * layout[LINE] + LANES, out.dtype)
    packed = np.empty(depth * O, out.dtype)
    biases = np.zeros(O, out.dtype)
    table = np.empty(depth, np.int64)
    strips = np.zeros((count + MOST_STRIPS) * WORDS, np.int64)
    fill_table(table, layout)
    fill_strips(strips, layout)
    fill_weight(packed, weight, at[2], layout)
    if layout[29]:
        fill_bias(biases, bias, at[3], layout[30])
    for n in range(first, last):
        fill_frame(frame, x, at[1] + n * layout[16], layout)
        o = 0
        while o < O:
            height = FIRST[O - o] if O - o < HEIGHT else HEIGHT
            corner = (out, at[0] + n * layout[24] + o * layout[25], layout[25])
            for s in range(0, count, STRIPS[height]):
                left, right = (packed, o, O), (frame, table)
                part = (strips, s * WORDS)
                correlate_strips(height, left, right, part, corner, (biases, o), depth)
            o += height


def fill_gradient(frame, grad, at, totals, layout):
    """Copy a gradient, (O, OH, OW), so that it is made of whole vectors; `at` is where to and from.

    If `layout[31]` says that there is a bias, add it to the vector of `totals` of its channel.
    """
    OH, OW = layout[6], layout[7]
    line = -(-OW // LANES) * LANES
    for o in range(layout[1]):
        source = at[1] + o * layout[25]
        target = at[0] + o * OH * line
        to, rows, sums = (frame, target, line), (grad, source, layout[26]), o * LANES
        if layout[27] == 1:
            if layout[31]:
                copy_and_add(to, rows, (totals, sums), OH, OW)
            else:
                copy_rows(to, rows, OH, OW)
            continue
        for y in range(OH):
            for j in range(OW):
                value = get(grad, source + y * layout[26] + j * layout[27])
                put(frame, target + y * line + j, value)
                put(totals, sums + j % LANES, get(totals, sums + j % LANES) + value)


def put_channels(out, at, totals):
    """Write the sum of each vector."""
    for o in range(len(totals) // LANES):
        put(out, at + o, total(totals, o * LANES))


def correlate_gradient(data, layout, first, last):
    r"""Pull a gradient back to the kernels, and the bias if `layout[31]` says that there is one.

    $\bar w_{o,k} = \sum_p \bar y_{o,p} u_{k,p}$, summed over the pixels in the lanes of vectors.
    A unit of work is `layout[29]` images of all `layout[30]`: its sum goes to an output of its own.

    The gradient is copied into vectors whose surplus lanes are 0; there the lines of the frame must
    have zeros as well, since a product of 0 and an infinity is none.

    The storages are the output (unit, O, C KH KW), dense; the images; the gradient; what is for the
    bias (unit, O), dense. `layout` is that of `correlate`, with the strides of the gradient in
    place of those of the output.
    """
    out, x, grad, bias = storages(data, 0, ALL)
    at = positions(data, 4, ALL)
    C, O, FH = layout[0], layout[1], layout[4]
    depth = C * layout[8] * layout[9]
    count = layout[6] * -(-layout[7] // LANES)
    channel = count * LANES
    frame = np.zeros(C * FH * layout[LINE], out.dtype)
    gradient = np.zeros((O + 1) * channel, out.dtype)
    start = aligned(gradient)
    strips = np.empty(count * WORDS, np.int64)
    fill_strips(strips, layout)
    rows = -(-depth // FEW_TAPS) * FEW_TAPS
    table = np.empty(rows, np.int64)
    fill_table(table, layout)
    table[depth:] = table[depth - 1]
    width = -(-O // CHANNELS) * CHANNELS
    sums = np.empty(rows * width * LANES, out.dtype)
    totals = np.empty(O * LANES, out.dtype)
    for unit in range(first, last):
        sums[:] = 0.0
        totals[:] = 0.0
        for n in range(unit * layout[29], min((unit + 1) * layout[29], layout[30])):
            fill_frame(frame, x, at[1] + n * layout[16], layout)
            places = start, at[2] + n * layout[24]
            fill_gradient(gradient, grad, places, totals, layout)
            for o in range(0, O, CHANNELS):
                k = 0
                while k < rows:
                    taps = TAPS if rows - k >= TAPS else FEW_TAPS
                    corner = (sums, (o * rows + k * CHANNELS) * LANES)
                    right = (gradient, start + o * channel, channel)
                    left, part = (frame, table, k), (strips, count)
                    dots(taps, left, right, part, corner, min(CHANNELS, O - o))
                    k += taps
        for o in range(O):
            for k in range(depth):
                place = (o // CHANNELS * rows + k) * CHANNELS + o % CHANNELS
                put(out, at[0] + (unit * O + o) * depth + k, total(sums, place * LANES))
        if layout[31]:
            put_channels(bias, at[3] + unit * O, totals)
