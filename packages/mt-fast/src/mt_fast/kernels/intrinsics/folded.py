"""A small tile of a product whose vectors run along the depth: dot products, folded at the end.

Where both factors are dense along the depth, both are read as they lie. A tile of H rows of a and
`ACROSS` columns of b takes `H + ACROSS` loads for `H * ACROSS` fused multiply-adds; at the end the
lanes of each accumulator are summed, all at once: half of the lanes of two become one, again and
again, until there is a vector with one lane for each.

Rows and columns beyond the last are those of the last one again, and are not written.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba.core import types

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.floats import fma
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.loops import repeat
from mt_fast.kernels.intrinsics.vectors import INT, LANE, Lanes, integer, lanes_of, vector_bits

ACROSS = 4
"""Columns of a tile."""

HEIGHTS = {512: (2, 4, 5), 256: (1, 2), 128: (1, 2)}[vector_bits()]
"""Rows of the tiles that there are: at most what the registers hold. Five are half of the batch of
ten that the course is fond of: 10 x 100 x 100 takes 1.48 us with them, and 1.65 in fours."""

MOST = HEIGHTS[-1]


@dataclass(frozen=True, slots=True)
class Operands:
    """The values of one call: pointers to the tile's first elements, strides and sizes."""

    a: Any
    a_row: Any
    b: Any
    b_column: Any
    c: Any
    c_row: Any
    depth: Any
    rows: Any
    width: Any
    add: Any


def _dotted(  # noqa: PLR0913, PLR0917
    a: Any, b: Any, c: Any, depth: Any, rows: Any, width: Any, add: Any
) -> None:
    for i in range(rows):
        for j in range(width):
            to = c[1] + i * c[2] + j
            total = c[0].dtype.type(0)
            for k in range(depth):
                factor = get(b[0], b[1] + j * b[2] + k)
                total = fma(get(a[0], a[1] + i * a[2] + k), factor, total)
            put(c[0], to, get(c[0], to) + total if add else total)


@instruction(_dotted, block=True)
def folded_tile(  # noqa: PLR0913, PLR0917
    _typing: Any, a: Any, b: Any, c: Any, depth: Any, rows: Any, width: Any, add: Any
) -> Any:
    """Set a tile of c to the dot products of rows of a and columns of b, or add them.

    Args:
        a: (storage, at, row); element (i, k) lies at `at + i * row + k`.
        b: (storage, at, column); element (k, j) lies at `at + j * column + k`.
        c: (storage, at, row); element (i, j) lies at `at + i * row + j`.
        depth: how many k there are, at least one.
        rows: 1 to `MOST`.
        width: columns, 1 to `ACROSS`.
        add: whether to add to what c holds.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        def matrix(k: int, kind: Any) -> tuple[Any, Any]:
            storage, at, stride = (builder.extract_value(args[k], i) for i in range(3))
            data = context.make_array(kind[0])(context, builder, storage).data
            return builder.gep(data, [at]), stride

        x = Operands(*matrix(0, a), *matrix(1, b), *matrix(2, c), *args[3:])
        lanes = lanes_of(c[0].dtype.bitwidth)
        _by_height(builder, lanes, HEIGHTS, x)
        return context.get_dummy_value()

    i = types.intp
    return types.void(a, b, c, i, i, i, types.boolean), emit


def _by_height(builder: Any, lanes: Lanes, heights: tuple[int, ...], x: Operands) -> None:
    """Emit the lowest of the tiles that hold the rows."""
    first, *more = heights
    if not more:
        _tile(builder, lanes, first, x)
        return
    with builder.if_else(builder.icmp_signed("<=", x.rows, integer(first))) as (then, otherwise):
        with then:
            _tile(builder, lanes, first, x)
        with otherwise:
            _by_height(builder, lanes, tuple(more), x)


def _tile(builder: Any, lanes: Lanes, height: int, x: Operands) -> None:
    left = _lines(builder, x.a, x.a_row, x.rows, height)
    right = _lines(builder, x.b, x.b_column, x.width, ACROSS)
    sums = _folded(builder, lanes, _accumulate(builder, lanes, left, right, x.depth))
    line = Lanes(lanes.bits, ACROSS)
    inside = line.mask(builder, x.width, 0)
    for i, total in enumerate(sums):
        there = line.splat(builder, builder.icmp_signed("<", integer(i), x.rows), ir.IntType(1))
        place = line.at(builder, builder.gep(x.c, [builder.mul(x.c_row, integer(i))]), 0)
        mask = builder.and_(inside, there)
        added = builder.and_(mask, line.splat(builder, x.add, ir.IntType(1)))
        before = line.load(builder, place, added)
        line.store(builder, builder.fadd(before, total), place, mask)


def _lines(builder: Any, first: Any, stride: Any, count: Any, size: int) -> list[Any]:
    """Return where each line starts; beyond the last there is the last."""
    last = builder.sub(count, integer(1))
    lines = []
    for i in range(size):
        there = builder.icmp_signed("<", integer(i), count)
        steps = builder.select(there, integer(i), last)
        lines.append(builder.gep(first, [builder.mul(steps, stride)]))
    return lines


def _accumulate(
    builder: Any, lanes: Lanes, left: list[Any], right: list[Any], depth: Any
) -> list[Any]:
    """Emit the loop over k, a vector at a time; returns the accumulators, row by row."""
    entry, loop = builder.block, builder.append_basic_block("depth")
    done = builder.append_basic_block("depth_end")
    builder.branch(loop)
    builder.position_at_end(loop)
    k = builder.phi(INT)
    sums = [builder.phi(lanes.type) for _ in left for _ in right]
    mask = lanes.mask(builder, builder.sub(depth, k), 0)

    def vector(line: Any) -> Any:
        return lanes.load(builder, lanes.at(builder, builder.gep(line, [k]), 0), mask)

    columns = [vector(line) for line in right]
    rows = [vector(line) for line in left]
    pairs = [(row, column) for row in rows for column in columns]
    added = [lanes.fma(builder, *pair, s) for pair, s in zip(pairs, sums, strict=True)]
    following = builder.add(k, integer(lanes.count))
    for phi, first, value in [(k, integer(0), following)] + [
        (old, lanes.zero, new) for old, new in zip(sums, added, strict=True)
    ]:
        phi.add_incoming(first, entry)
        phi.add_incoming(value, loop)
    repeat(builder, builder.icmp_signed("<", following, depth), loop, done)
    builder.position_at_end(done)
    return added


def _folded(builder: Any, lanes: Lanes, sums: list[Any]) -> list[Any]:
    """Sum the lanes of each vector; returns rows of `ACROSS` sums."""
    rows = []
    size = max(lanes.count, ACROSS)
    for k in range(0, len(sums), size):
        part = sums[k : k + size]
        totals = [
            _total(builder, lanes, part[i : i + lanes.count])
            for i in range(0, len(part), lanes.count)
        ]
        rows += [_picked(builder, lanes, totals, len(part), i) for i in range(0, len(part), ACROSS)]
    return rows


def _total(builder: Any, lanes: Lanes, sums: list[Any]) -> Any:
    """Sum the lanes of up to as many vectors as a vector has lanes; the sums are lanes, in order.

    Which lanes are added to which does not depend on how many vectors there are, so a sum has the
    same bits in any tile.
    """
    bit = lanes.count // 2
    while bit:
        half = -(-len(sums) // 2)
        pairs = zip(sums[:half], sums[-half:], strict=True)
        sums = [_halved(builder, lanes, bit, *pair) for pair in pairs]
        bit //= 2
    return sums[0]


def _halved(builder: Any, lanes: Lanes, bit: int, x: Any, y: Any) -> Any:
    """Sum lanes of x that differ in a bit where it is not set, and those of y where it is."""
    ordinals = [*range(lanes.count)]
    kept = [lane + (lanes.count if lane & bit else 0) for lane in ordinals]
    moved = [(lane ^ bit) + (lanes.count if lane & bit else 0) for lane in ordinals]
    kind = ir.VectorType(LANE, lanes.count)
    both = [builder.shuffle_vector(x, y, ir.Constant(kind, order)) for order in (kept, moved)]
    return builder.fadd(*both)


def _picked(builder: Any, lanes: Lanes, sums: list[Any], count: int, first: int) -> Any:
    """Return `ACROSS` of the sums, from the first on, as a vector."""
    each = min(count, lanes.count)
    step = lanes.count // each
    start, end = first // each, (first + ACROSS - 1) // each
    order = [k - start * each for k in range(first, first + ACROSS)]
    chosen = ir.Constant(ir.VectorType(LANE, ACROSS), [k * step for k in order])
    return builder.shuffle_vector(sums[start], sums[end], chosen)
