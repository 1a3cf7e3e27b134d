"""Packing: copying a block of a matrix so that the tiles read it in order.

A tile walks down a strip of b, some vectors wide. In a large matrix each step of that walk is on
another page; packed, the strip is one run of memory, and is used again by every tile of the same
columns. The rows of a are packed likewise, as strips of columns of its transpose. Lines that are
dense are copied by vectors; those that are dense the other way are transposed in registers, a
square of vectors at a time.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from typing import Any

from llvmlite import ir
from numba.core import types

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import LANE, Lanes, integer, lanes_of, vector_bits

VECTOR_BYTES = vector_bits() // 8


def _copied(source: Any, source_at: Any, target: Any, target_at: Any) -> None:
    for j in range(VECTOR_BYTES // target.itemsize):
        put(target, target_at + j, get(source, source_at + j))


def _gathered(source: Any, source_at: Any, step: Any, target: Any, target_at: Any) -> None:
    for j in range(VECTOR_BYTES // target.itemsize):
        put(target, target_at + j, get(source, source_at + j * step))


def _turned(  # noqa: PLR0913, PLR0917
    source: Any, source_at: Any, source_row: Any, target: Any, target_at: Any, target_row: Any
) -> None:
    size = VECTOR_BYTES // target.itemsize
    for i in range(size):
        for j in range(size):
            value = get(source, source_at + i * source_row + j)
            put(target, target_at + j * target_row + i, value)


@instruction(_copied, block=True)
def copy_vector(_typing: Any, source: Any, source_at: Any, target: Any, target_at: Any) -> Any:
    """Copy a vector."""
    i = types.intp

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target.dtype.bitwidth)
        start = _pointer(context, builder, source, args[0], args[1])
        end = _pointer(context, builder, target, args[2], args[3])
        value = lanes.load(builder, lanes.at(builder, start, 0))
        lanes.store(builder, value, lanes.at(builder, end, 0))
        return context.get_dummy_value()

    return types.void(source, i, target, i), emit


@instruction(_gathered, block=True)
def gather_vector(
    _typing: Any, source: Any, source_at: Any, step: Any, target: Any, target_at: Any
) -> Any:
    """Copy every `step`-th element to a vector.

    One by one in a register: a load of a vector that scalar stores have just written has to wait.
    """
    i = types.intp

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target.dtype.bitwidth)
        place = _pointer(context, builder, source, args[0], args[1])
        value = ir.Constant(lanes.type, ir.Undefined)
        for lane in range(lanes.count):
            element = builder.load(place, align=lanes.align)
            value = builder.insert_element(value, element, ir.Constant(LANE, lane))
            place = builder.gep(place, [args[2]])
        end = _pointer(context, builder, target, args[3], args[4])
        lanes.store(builder, value, lanes.at(builder, end, 0))
        return context.get_dummy_value()

    return types.void(source, i, i, target, i), emit


@instruction(_turned, block=True)
def transpose_square(  # noqa: PLR0913, PLR0917
    _typing: Any,
    source: Any,
    source_at: Any,
    source_row: Any,
    target: Any,
    target_at: Any,
    target_row: Any,
) -> Any:
    """Write the transpose of a square of as many rows as a vector has lanes."""
    i = types.intp

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target.dtype.bitwidth)
        start = _pointer(context, builder, source, args[0], args[1])
        end = _pointer(context, builder, target, args[3], args[4])
        rows = [_row(builder, lanes, start, args[2], k) for k in range(lanes.count)]
        square = [lanes.load(builder, row) for row in rows]
        for k, value in enumerate(_transposed(builder, lanes, square)):
            lanes.store(builder, value, _row(builder, lanes, end, args[5], k))
        return context.get_dummy_value()

    return types.void(source, i, i, target, i, i), emit


def _pointer(context: Any, builder: Any, array: Any, value: Any, at: Any) -> Any:
    return builder.gep(context.make_array(array)(context, builder, value).data, [at])


def _row(builder: Any, lanes: Lanes, pointer: Any, stride: Any, k: int) -> Any:
    return lanes.at(builder, builder.gep(pointer, [builder.mul(stride, integer(k))]), 0)


def _transposed(builder: Any, lanes: Lanes, rows: list[Any]) -> list[Any]:
    """Exchange, one bit at a time, the bits of the row number and of the lane number."""
    bit = lanes.count // 2
    while bit:
        rows = [
            _exchanged(builder, lanes, rows[i & ~bit], rows[i | bit], bit, upper=bool(i & bit))
            for i in range(lanes.count)
        ]
        bit //= 2
    return rows


def _exchanged(  # noqa: PLR0913
    builder: Any, lanes: Lanes, low: Any, high: Any, bit: int, *, upper: bool
) -> Any:
    """Take from two rows the lanes whose bit is that of the new row."""
    chosen = [
        (lane | bit if upper else lane & ~bit) + (lanes.count if lane & bit else 0)
        for lane in range(lanes.count)
    ]
    order = ir.Constant(ir.VectorType(LANE, lanes.count), chosen)
    return builder.shuffle_vector(low, high, order)
