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

MOST, FEW = {512: (4, 2), 256: (2, 1), 128: (2, 1)}[vector_bits()]
"""Rows of a tile: what the registers hold, and half of that."""


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
        many = builder.icmp_signed(">", x.rows, integer(FEW))
        with builder.if_else(many) as (then, otherwise):
            with then:
                _tile(builder, lanes, MOST, x)
            with otherwise:
                _tile(builder, lanes, FEW, x)
        return context.get_dummy_value()

    i = types.intp
    return types.void(a, b, c, i, i, i, types.boolean), emit


def _tile(builder: Any, lanes: Lanes, height: int, x: Operands) -> None:
    left = _lines(builder, x.a, x.a_row, x.rows, height)
    right = _lines(builder, x.b, x.b_column, x.width, ACROSS)
    sums = _folded(builder, lanes, _accumulate(builder, lanes, left, right, x.depth))
    line = Lanes(lanes.bits, ACROSS)
    inside = line.mask(builder, x.width, 0)
    for i in range(height):
        there = line.splat(builder, builder.icmp_signed("<", integer(i), x.rows), ir.IntType(1))
        place = line.at(builder, builder.gep(x.c, [builder.mul(x.c_row, integer(i))]), 0)
        mask = builder.and_(inside, there)
        added = builder.and_(mask, line.splat(builder, x.add, ir.IntType(1)))
        before = line.load(builder, place, added)
        total = _picked(builder, lanes, sums, height * ACROSS, i * ACROSS)
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
    """Sum the lanes of each vector; the sums are lanes, in order, at equal distances."""
    if len(sums) > lanes.count:
        parts = [sums[i : i + lanes.count] for i in range(0, len(sums), lanes.count)]
        return [total for part in parts for total in _folded(builder, lanes, part)]
    bit = lanes.count // 2
    while bit:
        half = -(-len(sums) // 2)
        pairs = zip(sums[:half], sums[-half:], strict=True)
        sums = [_halved(builder, lanes, bit, *pair) for pair in pairs]
        bit //= 2
    return sums


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
