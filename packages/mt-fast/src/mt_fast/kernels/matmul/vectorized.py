"""Matrix multiplication at the machine's limit: blocks for the caches, tiles for the registers.

Three loops cut the product into blocks that fit a cache: columns of c by `COLUMNS`, k by `DEPTH`,
rows of c by `ROWS`. A block of b is packed once, and every tile of the block runs over it. Where
a has few rows each element of b is used too few times to be worth the copy, so b is read in place.

Each element of c is the sum over k in order, `DEPTH` terms at a time, wherever the blocks lie:
the result does not depend on how rows and columns are shared among threads.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821, PLR0913, PLR0917, PLR0914  templates

import numpy as np

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.matmul.pack import copy_line, transpose_square
from mt_fast.kernels.matmul.tile import HEIGHT, tile
from mt_fast.kernels.intrinsics import advance, get, put

COLUMNS = 2048
"""Columns of a block of b, which stays in the last-level cache."""

ROWS = 240
"""Rows of a block of a, which stays in the second-level cache."""

PLACE = 4 * HEIGHT
"""Up to this many rows, b is read in place."""


def pack_b(b, at, row, column, depth, width, packed):
    """Copy a block of b, (depth, width), as strips of `STRIP` columns, each row by row."""
    for j in range(0, width, STRIP):
        wide = min(STRIP, width - j)
        target = j * depth
        if column == 1 and wide == STRIP:
            for k in range(depth):
                copy_line(b, at + k * row + j, packed, target + k * STRIP)
        else:
            first = 0
            if row == 1:
                while first + LANES <= wide:
                    source = at + (j + first) * column
                    k = 0
                    while k + LANES <= depth:
                        transpose_square(
                            b, source + k, column, packed, target + k * STRIP + first, STRIP
                        )
                        k += LANES
                    while k < depth:
                        for i in range(LANES):
                            put(
                                packed,
                                target + k * STRIP + first + i,
                                get(b, source + k + i * column),
                            )
                        k += 1
                    first += LANES
            for i in range(first, wide):
                for k in range(depth):
                    put(packed, target + k * STRIP + i, get(b, at + k * row + (j + i) * column))


def product(a, a_at, a_row, a_column, b, b_at, b_row, b_column, c, c_at, c_row, M, N, K):
    """Set c, (M, N), to the product of a and b, any strides; the columns of c are dense."""
    if K == 0:
        for i in range(M):
            for j in range(N):
                put(c, c_at + i * c_row + j, 0.0)
    place = b_column == 1 and M <= PLACE
    packed = np.empty(0 if place else -(-min(COLUMNS, N) // STRIP) * STRIP * min(DEPTH, K), c.dtype)
    for j in range(0, N, COLUMNS):
        width = min(COLUMNS, N - j)
        for k in range(0, K, DEPTH):
            depth = min(DEPTH, K - k)
            corner = b_at + k * b_row + j * b_column
            if not place:
                pack_b(b, corner, b_row, b_column, depth, width, packed)
            for i in range(0, M, ROWS):
                rows = min(ROWS, M - i)
                left = a_at + i * a_row + k * a_column
                top = c_at + i * c_row + j
                if place:
                    strips(
                        a,
                        left,
                        a_row,
                        a_column,
                        b,
                        corner,
                        b_row,
                        STRIP,
                        c,
                        top,
                        c_row,
                        rows,
                        width,
                        depth,
                        k > 0,
                    )
                else:
                    strips(
                        a,
                        left,
                        a_row,
                        a_column,
                        packed,
                        0,
                        STRIP,
                        STRIP * depth,
                        c,
                        top,
                        c_row,
                        rows,
                        width,
                        depth,
                        k > 0,
                    )


def strips(
    a, a_at, a_row, a_column, b, b_at, b_row, b_strip, c, c_at, c_row, rows, width, depth, add
):
    """Run the tiles of a block, strip by strip; the rows are split into tiles of equal height."""
    count = -(-rows // HEIGHT)
    for j in range(0, width, STRIP):
        wide = min(STRIP, width - j)
        i = 0
        for t in range(count):
            height = rows // count + (t < rows % count)
            tile(
                height,
                a,
                a_at + i * a_row,
                a_row,
                a_column,
                b,
                b_at,
                b_row,
                c,
                c_at + i * c_row + j,
                c_row,
                depth,
                wide,
                add,
            )
            i += height
        b_at += b_strip


def parts(data, layout, first, last):
    """Multiply pairs of matrices; a unit of work is a part of one product.

    `layout` holds M, N, K; the strides of a, of b, by row and column, and the row stride of the
    output; rows and columns of a part; the number of batch dimensions; for each of those its size,
    and the strides of the output, a and b.
    """
    out, a, b = storages(data, 0, ALL)
    M, N, K = layout[0], layout[1], layout[2]
    a_row, a_column, b_row, b_column = layout[3], layout[4], layout[5], layout[6]
    c_row, rows, columns = layout[7], layout[8], layout[9]
    across = -(-N // columns)
    down = -(-M // rows)
    for unit in range(first, last):
        at = positions(data, 3, ALL)
        outer = unit // (across * down)
        for d in range(layout[10] - 1, -1, -1):
            at = advance(at, layout, 12 + 4 * d, outer % layout[11 + 4 * d])
            outer //= layout[11 + 4 * d]
        i = unit // across % down * rows
        j = unit % across * columns
        product(
            a, at[1] + i * a_row, a_row, a_column,
            b, at[2] + j * b_column, b_row, b_column,
            out, at[0] + i * c_row + j, c_row,
            min(rows, M - i), min(columns, N - j), K,
        )  # fmt: skip
