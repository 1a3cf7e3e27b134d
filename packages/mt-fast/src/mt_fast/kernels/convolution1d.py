r"""Convolution of sequences: matrix products over the sequences themselves.

$y_{o,l} = b_o + \sum_{c,k} w_{o,c,k}\, x_{c,\, l s + k - p}$

Each sequence is copied into a frame, with its padding around it. The frame has one of two forms,
and which one decides what lies together:

- *By channels*, (C, L): what one tap of one channel reads for all l is a line. So the product
  with the kernels, (O, C K), runs along l; a table says where each of the C K lines begins.
- *By time*, (L, C): what one l reads, its K times C numbers, is a line, and the lines of
  neighbours overlap. They are the rows of a matrix with the row stride s C: nothing is written
  out. So both gradients are products with the gradient of the output as one factor,
  $\bar w_{o,kc} = \sum_l \bar y_{o,l} x_{l,kc}$ and $\bar x_{l,kc} = \sum_o \bar y_{o,l} w_{o,kc}$,
  of which the second adds up where lines overlap.

Behind a maximum over time nearly all of $\bar y$ is 0: one l of each sequence and channel counts.
Where no more than one in `FEW` elements differs from 0, only those are multiplied, whatever the
others would have met: 0 times infinity is 0 there.

`layout` holds sizes: N, C, L, O, OL, K; stride and padding; the strides of x (N, C, L), of the
kernels (O, C, K), and of the output (N, O), whose rows are dense.

Bound by the compiler: `ALL`, the types of the elements; `STRIP`, the elements in a row of a tile;
`LANES`, those of a vector; `number`, the type to compute in.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, E741, F821, FBT003, PLR0913, PLR0917, PLW2901  templates

import numpy as np

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.lines import add_scaled, count_bits, lowest, marks
from mt_fast.kernels.intrinsics.pack import transpose_square
from mt_fast.kernels.intrinsics.runs import copy_rows
from mt_fast.kernels.intrinsics.strips import MOST_STRIPS, STRIPS, WORDS, correlate_strips
from mt_fast.kernels.intrinsics.tile import FIRST, HEIGHT, tile

FEW = 8
"""Where one in 8 counts, adding line by line took 156 us and the whole product 221 us; in 5, as
much (10 sentences of 50 numbers for a word, 100 kernels of 5 words)."""


def copy_matrix(target, to, row, source, at, down, across, rows, columns):
    """Copy a matrix into dense rows; `down` and `across` are the strides of the source."""
    if across == 1:
        copy_rows((target, to, row), (source, at, down), rows, columns)
    elif down == 1 and rows >= LANES and columns >= LANES:
        for i in range(0, rows, LANES):
            i = min(i, rows - LANES)
            for j in range(0, columns, LANES):
                j = min(j, columns - LANES)
                corner = at + i + j * across
                transpose_square(source, corner, across, target, to + i * row + j, row)
    else:
        for i in range(rows):
            for j in range(columns):
                put(target, to + i * row + j, get(source, at + i * down + j * across))


def frame_by_channels(frame, line, x, at, layout):
    """Copy a sequence as (C, L), its columns sorted by their remainder modulo the stride."""
    C, L, s, p = layout[1], layout[2], layout[6], layout[7]
    for phase in range(s):
        first = (phase - p) % s
        if first < L:
            to = phase * (line // s) + (first + p) // s
            start, count = at + first * layout[10], -(-(L - first) // s)
            copy_matrix(frame, to, line, x, start, layout[9], s * layout[10], C, count)


def conv1d(data, layout, first, last):
    """Correlate; a unit of work is a sequence. The storages are out, x, weight, bias.

    The kernels are dense but for their rows. `layout` ends with whether there is a bias.
    """
    out, x, weight, bias = storages(data, 0, ALL)
    at = positions(data, 4, ALL)
    C, L, O, OL, K = layout[1], layout[2], layout[3], layout[4], layout[5]
    depth, s = C * K, layout[6]
    line = -(-(L + 2 * layout[7]) // s) * s
    frame = np.zeros(C * line + LANES, out.dtype)
    packed = np.empty(depth * O, out.dtype)
    copy_matrix(packed, 0, O, weight, at[2], 1, layout[11], depth, O)
    table = np.empty(depth, np.int64)
    for k in range(depth):
        table[k] = k // K * line + k % K % s * (line // s) + k % K // s
    biases = np.zeros(O, out.dtype)
    for o in range(O if layout[16] else 0):
        put(biases, o, get(bias, at[3] + o))
    count = -(-OL // LANES)
    strips = np.zeros((count + MOST_STRIPS) * WORDS, np.int64)
    for i in range(count):
        strips[i * WORDS] = strips[i * WORDS + 1] = i * LANES
        strips[i * WORDS + 2] = min(LANES, OL - i * LANES)
    for n in range(first, last):
        frame_by_channels(frame, line, x, at[1] + n * layout[8], layout)
        o = 0
        while o < O:
            height = FIRST[O - o] if O - o < HEIGHT else HEIGHT
            corner = (out, at[0] + n * layout[14] + o * layout[15], layout[15])
            for i in range(0, count, STRIPS[height]):
                left, right, part = (packed, o, O), (frame, table), (strips, i * WORDS)
                correlate_strips(height, left, right, part, corner, (biases, o), depth)
            o += height


def find(places, grad, at, row, rows, columns):
    """Write down row and column of what is not 0; return how many, -1 if that is no longer few."""
    count, most = 0, len(places) // 2
    for i in range(rows):
        for j in range(0, columns, LANES):
            bits = marks(grad, at + i * row + j, min(LANES, columns - j))
            if bits and count + count_bits(bits) > most:
                return -1
            while bits:
                places[2 * count] = i
                places[2 * count + 1] = j + lowest(bits)
                count += 1
                bits &= bits - 1
    return count


def add_products(sums, at, totals, to, turned, height, depth, frame, step, patch):
    """Add the product of a gradient, (depth, height), and the frame; and the gradient itself."""
    for j in range(0, patch, STRIP):
        left, right, corner = (turned, 0, 1, height), (frame, j, step), (sums, at + j, patch)
        tile(height, left, right, corner, depth, min(STRIP, patch - j), True)
    for l in range(depth):
        add_scaled(totals, to, turned, l * height, number(1.0), height)


def put_kernels(out, at, layout, sums, first, last):
    """Write kernels (O, K C) as the output has them, (O, C, K) in any layout."""
    C, K = layout[1], layout[5]
    for o in range(first, last):
        to, source = at + o * layout[11], (o - first) * K * C
        for c in range(C):
            for k in range(K):
                place = to + c * layout[12] + k * layout[13]
                put(out, place, get(sums, source + k * C + c))


def conv1d_by_weight(data, layout, first, last):
    """Pull a gradient back to the kernels and the bias; a unit of work is `HEIGHT` channels of it.

    The storages are the output, x, the gradient and what is for the bias. `layout` has the strides
    of the output for those of the kernels, and of the gradient for those of the output; it ends
    with whether there is a bias.
    """
    out, x, grad, bias = storages(data, 0, ALL)
    at = positions(data, 4, ALL)
    C, L, O, OL, K, p = layout[1], layout[2], layout[3], layout[4], layout[5], layout[7]
    patch, step, row = K * C, layout[6] * C, layout[15]
    frame = np.zeros((L + 2 * p) * C, out.dtype)
    start, end = first * HEIGHT, min(last * HEIGHT, O)
    turned = np.empty(OL * HEIGHT, out.dtype)
    places = np.empty(HEIGHT * OL // FEW * 2, np.int64)
    sums = np.zeros((end - start) * patch, out.dtype)
    totals = np.zeros(end - start, out.dtype)
    for n in range(layout[0]):
        source = at[1] + n * layout[8]
        copy_matrix(frame, p * C, C, x, source, layout[10], layout[9], L, C)
        o = start
        while o < end:
            height = FIRST[end - o] if end - o < HEIGHT else HEIGHT
            g, to = at[2] + n * layout[14] + o * row, o - start
            few = find(places, grad, g, row, height, OL)
            for k in range(few):
                i, l = places[2 * k], places[2 * k + 1]
                factor = get(grad, g + i * row + l)
                put(totals, to + i, get(totals, to + i) + factor)
                add_scaled(sums, (to + i) * patch, frame, l * step, factor, patch)
            if few < 0:
                copy_matrix(turned, 0, height, grad, g, 1, row, OL, height)
                add_products(sums, to * patch, totals, to, turned, height, OL, frame, step, patch)
            o += height
    put_kernels(out, at[0], layout, sums, start, end)
    for o in range(start, end if layout[16] else start):
        put(bias, at[3] + o, get(totals, o - start))


def spread_products(frame, step, packed, patch, C, grad, at, row, depth, lines):
    """Add the product of the gradient and the kernels to the frame, tap by tap.

    The lines that one tap reaches do not overlap.
    """
    for tap in range(0, patch, C):
        l = 0
        while l < lines:
            height = FIRST[lines - l] if lines - l < HEIGHT else HEIGHT
            left = (grad, at + l, 1, row)
            for j in range(0, C, STRIP):
                right = (packed, tap + j, patch)
                corner = (frame, l * step + tap + j, step)
                tile(height, left, right, corner, depth, min(STRIP, C - j), True)
            l += height


def conv1d_by_input(data, layout, first, last):
    """Pull a gradient back to the sequences; a unit of work is one of them.

    The storages are the output, the kernels and the gradient. `layout` has the strides of the
    output for those of x, and of the gradient for those of the output.
    """
    out, weight, grad = storages(data, 0, ALL)
    at = positions(data, 3, ALL)
    C, L, O, OL, K, p = layout[1], layout[2], layout[3], layout[4], layout[5], layout[7]
    patch, step = K * C, layout[6] * C
    frame = np.empty((L + 2 * p) * C, out.dtype)
    places = np.empty(O * OL // FEW * 2, np.int64)
    packed = np.empty(O * patch, out.dtype)
    for o in range(O):
        for k in range(K):
            for c in range(C):
                place = at[1] + o * layout[11] + c * layout[12] + k * layout[13]
                put(packed, o * patch + k * C + c, get(weight, place))
    for n in range(first, last):
        g = at[2] + n * layout[14]
        frame[:] = 0.0
        few = find(places, grad, g, layout[15], O, OL)
        for k in range(few):
            o, l = places[2 * k], places[2 * k + 1]
            factor = get(grad, g + o * layout[15] + l)
            add_scaled(frame, l * step, packed, o * patch, factor, patch)
        if few < 0:
            spread_products(frame, step, packed, patch, C, grad, g, layout[15], O, OL)
        to = at[0] + n * layout[8]
        if layout[9] == 1:
            copy_matrix(out, to, layout[10], frame, p * C, C, 1, L, C)
        else:
            copy_matrix(out, to, layout[9], frame, p * C, 1, C, C, L)
