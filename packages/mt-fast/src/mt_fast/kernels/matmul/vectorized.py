"""Step 6 of 6, vectorized: at the machine's limit, with tiles written in vectors; this is in use.

Three loops cut the product into blocks that fit a cache: columns of c by `COLUMNS`, k by `DEPTH`,
rows of c by `ROWS`. A block of b is packed once, and every tile of the block runs over it. Where
a has few rows each element of b is used too few times to be worth the copy, so b is read in place.
Where both are large, a block of a is packed as well, and while a tile is computed, what comes next
is on its way from the last-level cache: the tile of c, and a share of the next strip of b.

Where b is dense along the depth, as the weights of a layer are, reading it in place means vectors
along the depth. With few rows that takes less time than packing: 10 x 100 x 100 in float32 1.5 us
instead of 2.05.

Measured: 170 GFLOP/s at 512 x 512 in float32, any transposition, 2.5 times `tiled`; 68 in float64.

Each element of c is the sum over k in order, `DEPTH` terms at a time, wherever the blocks lie; or
each lane of a vector is, and the lanes are summed. Which of both depends on the sizes of the whole
product only, so the result does not depend on how rows and columns are shared among threads.

A matrix is a tuple: storage, position of the first element, stride of a row, stride of a column.

Bound by the compiler: `ALL`, the types of the elements; `LANES`, the elements of a vector;
`STRIP`, those of a row of a tile; `ROW_STRIP`, the packed rows of a that lie side by side, some
tiles and some vectors of them; `DEPTH`.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, F821, PLR0913, PLR0917  templates: names are bound, types inferred

import numpy as np

from mt_fast.kernels.calling import positions, storages
from mt_fast.kernels.intrinsics.elements import advance, fetch, get, put
from mt_fast.kernels.intrinsics.folded import ACROSS, MOST, folded_tile
from mt_fast.kernels.intrinsics.pack import copy_vector, gather_vector, transpose_square
from mt_fast.kernels.intrinsics.tile import FIRST, HEIGHT, tile

COLUMNS = 2048
"""Columns of a block of b, which stays in the last-level cache."""

ROWS = 240
"""Rows of a block of a, which stays in the second-level cache."""

PLACE = 4 * HEIGHT
"""Up to this many rows, b is read in place."""

NEAR = 4096
"""So it is if it spans no more elements than this, which the first-level cache holds."""

PACK_COLUMNS, PACK_SIZE = 256, 1 << 18
"""From so many columns of b and elements of a, a is packed: the rows of a tile may lie at a stride
of a power of two, where they compete for the same lines of the first-level cache."""

FEW = 4 * MOST
"""Up to this many rows, or half as many columns, there may be dot products: a tile of those has
few sums for the vectors that it loads, the fewer registers there are."""


def pack(matrix, width, depth, packed, begin, strip):
    """Copy a block of a matrix, (depth, width), as strips of columns, each row by row."""
    storage, at, row, column = matrix
    for j in range(0, width, strip):
        corner, target = at + j * column, begin + j * depth
        wide = min(strip, width - j)
        if row == 1 and wide >= LANES and depth >= LANES:
            pack_squares(storage, corner, column, wide, depth, packed, target, strip)
            continue
        whole = wide // LANES * LANES
        for k in range(depth):
            source, line = corner + k * row, target + k * strip
            for i in range(0, whole, LANES):
                if column == 1:
                    copy_vector(storage, source + i, packed, line + i)
                else:
                    gather_vector(storage, source + i * column, column, packed, line + i)
            for i in range(whole, wide):
                put(packed, line + i, get(storage, source + i * column))


def pack_squares(storage, at, column, wide, depth, packed, target, strip):
    """Transpose a strip whose columns are dense; the last squares overlap those before them."""
    for i in range(0, wide, LANES):
        i = min(i, wide - LANES)  # noqa: PLW2901
        for k in range(0, depth, LANES):
            k = min(k, depth - LANES)  # noqa: PLW2901
            source = at + i * column + k
            transpose_square(storage, source, column, packed, target + k * strip + i, strip)


def strips(a, a_strip, b, b_strip, c, rows, width, depth, add, ahead):
    """Run the tiles of a block strip by strip; each runs down its strip of b."""
    for j in range(0, width, STRIP):
        strip = (b[0], b[1] + j // STRIP * b_strip, b[2])
        i = 0
        while i < rows:
            height = FIRST[rows - i] if rows - i < HEIGHT else HEIGHT
            place = a[1] + i // ROW_STRIP * a_strip + i % ROW_STRIP * a[2]
            left = (a[0], place, a[2], a[3])
            corner = (c[0], c[1] + i * c[2] + j, c[2])
            if ahead:
                share = -(-b_strip // rows // LANES) * LANES
                ask(c[0], corner[1], height, c[2], STRIP)
                ask(b[0], strip[1] + b_strip + i * share, height, share, share)
            tile(height, left, strip, corner, depth, min(STRIP, width - j), add)
            i += height


def ask(storage, at, rows, row, width):
    """Ask for the lines of the cache that hold some rows."""
    for i in range(rows):
        for j in range(0, width, LANES):
            fetch(storage, at + i * row + j)


def product(a, b, c, M, N, K):
    """Set c, (M, N), to the product of a and b, any strides; the columns of c are dense."""
    b_there = b[3] == 1 and (M <= PLACE or abs(b[2]) * K <= NEAR)
    a_there = N < PACK_COLUMNS or M * K < PACK_SIZE
    deep = min(DEPTH, K)
    size_b = 0 if b_there else -(-min(COLUMNS, N) // STRIP) * STRIP * deep
    size_a = 0 if a_there else -(-min(ROWS, M) // ROW_STRIP) * ROW_STRIP * deep
    packed = np.empty(size_b + size_a, c[0].dtype) if size_b + size_a > 0 else c[0]
    for i in range(M if K == 0 else 0):
        for j in range(N):
            put(c[0], c[1] + i * c[2] + j, 0.0)
    for j in range(0, N, COLUMNS):
        width = min(COLUMNS, N - j)
        for k in range(0, K, DEPTH):
            depth = min(DEPTH, K - k)
            right, b_strip = (b[0], b[1] + k * b[2] + j * b[3], b[2], b[3]), STRIP
            if not b_there:
                pack(right, width, depth, packed, 0, STRIP)
                right, b_strip = (packed, 0, STRIP, 1), STRIP * depth
            for i in range(0, M, ROWS):
                rows = min(ROWS, M - i)
                left, a_strip = (a[0], a[1] + i * a[2] + k * a[3], a[2], a[3]), ROW_STRIP * a[2]
                if not a_there:
                    turned = (left[0], left[1], left[3], left[2])
                    pack(turned, rows, depth, packed, size_b, ROW_STRIP)
                    left, a_strip = (packed, size_b, 1, ROW_STRIP), ROW_STRIP * depth
                corner = (c[0], c[1] + i * c[2] + j, c[2])
                strips(
                    left, a_strip, right, b_strip, corner, rows, width, depth, k > 0, not a_there
                )


def along_depth(M, N, K):
    """Tell whether dot products take less time than packing, where the factors allow both.

    Packing costs a step for each element of b, dot products one for each of c. These are the sizes
    of the whole product, so that its parts are summed in the same order.
    """
    few = min(M, 2 * N)
    return few <= FEW and max(LANES, 2 * few * few // 3) <= K


def dotted(a, b, c, M, N, K):
    """Set c as `product` does, where a is dense along its rows and b along its columns."""
    tiles = -(-M // MOST)
    height = -(-M // tiles)
    for k in range(0, K, DEPTH * LANES):
        depth = min(DEPTH * LANES, K - k)
        for j in range(0, N, ACROSS):
            right = (b[0], b[1] + j * b[3] + k, b[3])
            width = min(ACROSS, N - j)
            for i in range(0, M, height):
                left = (a[0], a[1] + i * a[2] + k, a[2])
                corner = (c[0], c[1] + i * c[2] + j, c[2])
                folded_tile(left, right, corner, depth, min(height, M - i), width, k > 0)


def parts(data, layout, first, last):
    """Multiply pairs of matrices; a unit of work is a part of one product.

    `layout` holds M, N, K; the strides of a, of b, by row and column, and the row stride of the
    output; rows and columns of a part; how many parts there are down and across one product; the
    number of batch dimensions; for each of those its size, and the strides of the output, a and b.
    """
    out, a, b = storages(data, 0, ALL)
    M, N, K = layout[0], layout[1], layout[2]
    a_row, a_column, b_row, b_column = layout[3], layout[4], layout[5], layout[6]
    c_row, rows, columns = layout[7], layout[8], layout[9]
    down, across = layout[10], layout[11]
    dots = a_column == 1 and b_row == 1 and along_depth(M, N, K)
    for unit in range(first, last):
        at = positions(data, 3, ALL)
        outer, i, j = unit, 0, 0
        if across * down > 1:  # five divisions take longer than a product of a few numbers
            outer = unit // (across * down)
            i = unit // across % down * rows
            j = unit % across * columns
        for d in range(layout[12] - 1, -1, -1):
            at = advance(at, layout, 14 + 4 * d, outer % layout[13 + 4 * d])
            outer //= layout[13 + 4 * d]
        left = (a, at[1] + i * a_row, a_row, a_column)
        right = (b, at[2] + j * b_column, b_row, b_column)
        corner = (out, at[0] + i * c_row + j, c_row)
        m, n = min(rows, M - i), min(columns, N - j)
        if dots:
            dotted(left, right, corner, m, n, K)
        else:
            product(left, right, corner, m, n, K)
