r"""The heart of matrix multiplication: one tile of the product, held in registers.

A tile of H rows and V vectors is H V accumulators. Each step over k loads V vectors of a row of b
and, for each of the H rows, broadcasts one element of a: H V fused multiply-adds for H + V loads.
With H = 12 and V = 2 of 512 bits this runs at the machine's peak: 24 accumulators, 2 vectors of b
and the broadcast fill 27 of the 32 registers, and 24 independent chains hide the latency.

a is read in place through any two strides, so a transposed a costs nothing here. At the right edge
the last lanes are masked, and a tile may be one vector wide; at the bottom rows are split into two
of the heights that there are.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from dataclasses import dataclass
from typing import Any

from numba.core import types

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.floats import fma
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import INT, Lanes, integer, lanes_of, vector_bits

HEIGHT = {512: 12, 256: 6, 128: 4}[vector_bits()]
"""Most rows of a tile: what the registers hold."""

HEIGHTS = tuple(h for h in (1, 2, 3, 4, 6, 8, 10, 12) if h <= HEIGHT)
"""The heights of the tiles that there are; all from 1 to 12 would take longer to compile."""

VECTORS = 2
"""Vectors in a row of a tile."""

FLAT = 4
"""Up to this height one vector in a row takes as long as two: every sum waits for the one before,
four steps of the clock, and in these eight multiply-adds can begin."""


def _first_of_two(rows: int) -> int:
    """Return the taller of the two heights closest to each other that make up `rows`."""
    return min(h for h in HEIGHTS if 2 * h >= rows and (rows - h in HEIGHTS or rows == h))


FIRST = (0, *(rows if rows in HEIGHTS else _first_of_two(rows) for rows in range(1, HEIGHT + 1)))
"""The height of the next tile where so many rows are left."""


@dataclass(frozen=True, slots=True)
class Operands:
    """The values of one call: pointers to the tile's first elements, strides and sizes."""

    a: Any
    a_row: Any
    a_column: Any
    b: Any
    b_row: Any
    c: Any
    c_row: Any
    depth: Any
    width: Any
    add: Any


def _multiplied(  # noqa: PLR0913, PLR0917
    height: Any, a: Any, b: Any, c: Any, depth: Any, width: Any, add: Any
) -> None:
    for i in range(height):
        for j in range(width):
            to = c[1] + i * c[2] + j
            total = c[0].dtype.type(0)
            for k in range(depth):
                left = get(a[0], a[1] + i * a[2] + k * a[3])
                total = fma(left, get(b[0], b[1] + k * b[2] + j), total)
            put(c[0], to, get(c[0], to) + total if add else total)


@instruction(_multiplied, block=True)
def tile(  # noqa: PLR0913, PLR0917
    _typing: Any,
    height: Any,
    a: Any,
    b: Any,
    c: Any,
    depth: Any,
    width: Any,
    add: Any,
) -> Any:
    """Set a tile of c to the product of `height` rows of a and `width` columns of b, or add it.

    Args:
        height: rows, one of `HEIGHTS`.
        a: (storage, at, row, column); element (i, k) lies at `at + i * row + k * column`.
        b: (storage, at, row); element (k, j) lies at `at + k * row + j`.
        c: (storage, at, row); element (i, j) lies at `at + i * row + j`.
        depth: how many k there are, at least one.
        width: columns, at most `VECTORS` vectors.
        add: whether to add to what c holds.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        def pointer(kind: Any, value: Any) -> Any:
            array = builder.extract_value(value, 0)
            data = context.make_array(kind[0])(context, builder, array).data
            return builder.gep(data, [builder.extract_value(value, 1)])

        rows, a_, b_, c_, k, n, more = args
        a_row, a_column = (builder.extract_value(a_, i) for i in (2, 3))
        pa, pb, pc = pointer(a, a_), pointer(b, b_), pointer(c, c_)
        b_row, c_row = (builder.extract_value(each, 2) for each in (b_, c_))
        operands = Operands(pa, a_row, a_column, pb, b_row, pc, c_row, k, n, more)
        _by_shape(builder, lanes_of(c[0].dtype.bitwidth), rows, operands)
        return context.get_dummy_value()

    i = types.intp
    return types.void(i, a, b, c, i, i, types.boolean), emit


def _by_shape(builder: Any, lanes: Lanes, height: Any, x: Operands) -> None:
    """Emit the tiles that there are; a height is negative where one vector is as wide."""
    end = builder.append_basic_block("tile_end")
    narrow = builder.icmp_signed("<=", x.width, integer(lanes.count))
    switch = builder.switch(builder.select(narrow, builder.neg(height), height), end)
    for rows in HEIGHTS:
        for vectors, cases in _shapes(rows):
            block = builder.append_basic_block(f"tile_{rows}_{vectors}")
            for case in cases:
                switch.add_case(integer(case), block)
            builder.position_at_end(block)
            _tile(builder, lanes, rows, vectors, x)
            builder.branch(end)
    builder.position_at_end(end)


def _shapes(rows: int) -> list[tuple[int, tuple[int, ...]]]:
    """Return the vectors of the tiles of a height, and the cases that each is for."""
    return [(VECTORS, (rows, -rows))] if rows <= FLAT else [(VECTORS, (rows,)), (1, (-rows,))]


def _tile(builder: Any, lanes: Lanes, height: int, vectors: int, x: Operands) -> None:
    masks = [lanes.mask(builder, x.width, v) for v in range(vectors)]
    sums = _accumulate(builder, lanes, height, x, masks)
    lines = [builder.gep(x.c, [builder.mul(x.c_row, integer(i))]) for i in range(height)]
    with builder.if_else(x.add) as (more, first):
        with more:
            _write(builder, lanes, lines, sums, masks, add=True)
        with first:
            _write(builder, lanes, lines, sums, masks, add=False)


def _accumulate(
    builder: Any, lanes: Lanes, height: int, x: Operands, masks: list[Any]
) -> list[list[Any]]:
    """Emit the loop over k; returns the accumulators, by row and vector."""
    before, loop = builder.block, builder.append_basic_block("k")
    rows = [builder.mul(x.a_row, integer(i)) for i in range(height)]
    builder.branch(loop)
    builder.position_at_end(loop)
    k, a, b = (builder.phi(kind) for kind in (INT, x.a.type, x.b.type))
    sums = [[builder.phi(lanes.type) for _ in masks] for _ in range(height)]
    line = [lanes.load(builder, lanes.at(builder, b, v), mask) for v, mask in enumerate(masks)]
    added = []
    for i in range(height):
        element = builder.load(builder.gep(a, [rows[i]]), align=lanes.align)
        factor = lanes.splat(builder, element)
        added.append([lanes.fma(builder, factor, y, s) for y, s in zip(line, sums[i], strict=True)])
    following = builder.add(k, integer(1))
    carried = [
        (k, integer(0), following),
        (a, x.a, builder.gep(a, [x.a_column])),
        (b, x.b, builder.gep(b, [x.b_row])),
    ]
    for old, new in zip(sums, added, strict=True):
        carried += [(s, lanes.zero, t) for s, t in zip(old, new, strict=True)]
    for phi, first, value in carried:
        phi.add_incoming(first, before)
        phi.add_incoming(value, loop)
    done = builder.append_basic_block("k_end")
    builder.cbranch(builder.icmp_signed("<", following, x.depth), loop, done)
    builder.position_at_end(done)
    return added


def _write(  # noqa: PLR0913
    builder: Any,
    lanes: Lanes,
    lines: list[Any],
    sums: list[list[Any]],
    masks: list[Any],
    *,
    add: bool,
) -> None:
    for line, row in zip(lines, sums, strict=True):
        for v, (total, mask) in enumerate(zip(row, masks, strict=True)):
            at = lanes.at(builder, line, v)
            value = builder.fadd(lanes.load(builder, at, mask), total) if add else total
            lanes.store(builder, value, at, mask)
