"""Lines of any length, a vector at a time, of which the last one is masked.

LLVM makes such a loop of an ordinary one too, but does the elements that fill no vector one by
one: up to 31 of them, in lines of which many have 50.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.cgutils import alloca_once_value, for_range_slice

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.floats import fma
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import INT, Lanes, integer, lanes_of


def _each_vector(builder: Any, lanes: Lanes, count: Any, body: Callable[[Any, Any], None]) -> None:
    """Emit a loop over the vectors of `count` elements, and what is left behind the last full one.

    Args:
        builder: of instructions.
        lanes: of the vectors.
        count: how many elements there are.
        body: emits the work on a vector, of where it begins and its mask: None for all lanes.
    """
    rest = builder.and_(count, integer(lanes.count - 1))
    full = builder.sub(count, rest)
    with for_range_slice(builder, integer(0), full, integer(lanes.count), INT) as (first, _):
        body(first, None)
    with builder.if_then(builder.icmp_signed("!=", rest, integer(0))):
        body(full, lanes.mask(builder, rest, 0))


def _pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


def _vector(builder: Any, lanes: Lanes, pointer: Any, first: Any) -> Any:
    return lanes.at(builder, builder.gep(pointer, [first]), 0)


def _added(  # noqa: PLR0913, PLR0917
    target: Any, to: int, source: Any, at: int, factor: Any, count: int
) -> None:
    for i in range(count):
        put(target, to + i, fma(factor, get(source, at + i), get(target, to + i)))


def _marked(array: Any, at: int, count: int) -> int:
    bits = 0
    for i in range(count):
        if get(array, at + i) != 0.0:
            bits |= 1 << i
    return bits


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _equal(array: Any, at: int, count: int, value: Any) -> int:
    found = 0
    for i in range(count):
        if get(array, at + i) == value:
            found += 1
    return found


def _shared(  # noqa: PLR0913, PLR0917
    target: Any, to: int, array: Any, at: int, count: int, value: Any, share: Any
) -> None:
    for i in range(count):
        put(target, to + i, share if get(array, at + i) == value else share * 0.0)


@instruction(_added, block=True)
def add_scaled(  # noqa: PLR0913, PLR0917
    _typing: Any, target: Any, to: Any, source: Any, at: Any, factor: Any, count: Any
) -> Any:
    """Add `factor` times `count` elements from `source[at]` on to those from `target[to]` on."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target.dtype.bitwidth)
        end = _pointer(context, builder, target, args[0], args[1])
        start = _pointer(context, builder, source, args[2], args[3])
        scale = lanes.splat(builder, args[4])

        def add(first: Any, mask: Any) -> None:
            value = lanes.load(builder, _vector(builder, lanes, start, first), mask)
            place = _vector(builder, lanes, end, first)
            total = lanes.fma(builder, scale, value, lanes.load(builder, place, mask))
            lanes.store(builder, total, place, mask)

        _each_vector(builder, lanes, args[5], add)
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, i, source, i, target.dtype, i), emit


@instruction(_marked, block=True)
def marks(_typing: Any, array: Any, at: Any, count: Any) -> Any:
    """Return a bit for each of `count` elements from `array[at]` on: whether it is not 0.

    There are no more than a vector has; the first is the lowest bit. A nan is not 0.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(array.dtype.bitwidth)
        start = _pointer(context, builder, array, args[0], args[1])
        mask = lanes.mask(builder, args[2], 0)
        vector = lanes.load(builder, _vector(builder, lanes, start, integer(0)), mask)
        differs = builder.fcmp_unordered("!=", vector, lanes.zero)
        return builder.zext(builder.bitcast(differs, ir.IntType(lanes.count)), INT)

    return types.intp(array, types.intp, types.intp), emit


@instruction(_lowest)
def lowest(_typing: Any, bits: Any) -> Any:
    """Return the place of the lowest bit that is set; there is one."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.intp), emit


@instruction(int.bit_count)
def count_bits(_typing: Any, bits: Any) -> Any:
    """Return how many bits are set."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.intp(types.intp), emit


@instruction(_equal, block=True)
def count_equal(_typing: Any, array: Any, at: Any, count: Any, value: Any) -> Any:
    """Return how many of `count` elements from `array[at]` on are equal to a value."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(array.dtype.bitwidth)
        start = _pointer(context, builder, array, args[0], args[1])
        wanted, total = lanes.splat(builder, args[3]), alloca_once_value(builder, integer(0))

        def look(first: Any, mask: Any) -> None:
            vector = lanes.load(builder, _vector(builder, lanes, start, first), mask)
            equal = builder.fcmp_ordered("==", vector, wanted)
            bits = builder.bitcast(
                equal if mask is None else builder.and_(mask, equal), ir.IntType(lanes.count)
            )
            found = builder.zext(builder.ctpop(bits), INT)
            builder.store(builder.add(builder.load(total), found), total)

        _each_vector(builder, lanes, args[2], look)
        return builder.load(total)

    return types.intp(array, types.intp, types.intp, array.dtype), emit


@instruction(_shared, block=True)
def put_where_equal(  # noqa: PLR0913, PLR0917
    _typing: Any, target: Any, to: Any, array: Any, at: Any, count: Any, value: Any, share: Any
) -> Any:
    """Set each of `count` elements from `target[to]` on to a share of 1 or of 0.

    It is 1 where the elements from `array[at]` on are equal to a value.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(array.dtype.bitwidth)
        end = _pointer(context, builder, target, args[0], args[1])
        start = _pointer(context, builder, array, args[2], args[3])
        wanted, whole = lanes.splat(builder, args[5]), lanes.splat(builder, args[6])
        none = builder.fmul(whole, lanes.zero)

        def put(first: Any, mask: Any) -> None:
            vector = lanes.load(builder, _vector(builder, lanes, start, first), mask)
            equal = builder.fcmp_ordered("==", vector, wanted)
            value = builder.select(equal, whole, none)
            lanes.store(builder, value, _vector(builder, lanes, end, first), mask)

        _each_vector(builder, lanes, args[4], put)
        return context.get_dummy_value()

    i, element = types.intp, array.dtype
    return types.void(target, i, array, i, i, element, element), emit
