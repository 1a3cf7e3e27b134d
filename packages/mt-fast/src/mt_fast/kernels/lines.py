"""Lines of any length, a vector at a time, of which the last one is masked.

LLVM makes such a loop of an ordinary one too, but does the elements that fill no vector one by
one: up to 31 of them, in lines of which many have 50.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.cgutils import for_range_slice
from numba.extending import intrinsic

from mt_fast.kernels.vectors import INT, Lanes, integer, lanes_of


@contextmanager
def _vectors(builder: Any, lanes: Lanes, count: Any) -> Iterator[tuple[Any, Any]]:
    """Emit a loop over the vectors of `count` elements: where each begins, and its mask."""
    step = integer(lanes.count)
    with for_range_slice(builder, integer(0), count, step, INT) as (first, _):
        yield first, lanes.mask(builder, builder.sub(count, first), 0)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


def _vector(builder: Any, lanes: Lanes, pointer: Any, first: Any) -> Any:
    return lanes.at(builder, builder.gep(pointer, [first]), 0)


@intrinsic
def copy_line(_typing: Any, target: Any, to: Any, source: Any, at: Any, count: Any) -> Any:
    """Copy `count` elements from `source[at]` on to `target[to]`; the two do not overlap."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target.dtype.bitwidth)
        end = _pointer(context, builder, target, args[0], args[1])
        start = _pointer(context, builder, source, args[2], args[3])
        with _vectors(builder, lanes, args[4]) as (first, mask):
            value = lanes.load(builder, _vector(builder, lanes, start, first), mask)
            lanes.store(builder, value, _vector(builder, lanes, end, first), mask)
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, i, source, i, i), emit


@intrinsic
def add_scaled(  # noqa: PLR0913, PLR0917
    _typing: Any, target: Any, to: Any, source: Any, at: Any, factor: Any, count: Any
) -> Any:
    """Add `factor` times `count` elements from `source[at]` on to those from `target[to]` on."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target.dtype.bitwidth)
        end = _pointer(context, builder, target, args[0], args[1])
        start = _pointer(context, builder, source, args[2], args[3])
        scale = lanes.splat(builder, args[4])
        with _vectors(builder, lanes, args[5]) as (first, mask):
            value = lanes.load(builder, _vector(builder, lanes, start, first), mask)
            place = _vector(builder, lanes, end, first)
            total = lanes.fma(builder, scale, value, lanes.load(builder, place, mask))
            lanes.store(builder, total, place, mask)
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, i, source, i, target.dtype, i), emit


@intrinsic
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


@intrinsic
def lowest(_typing: Any, bits: Any) -> Any:
    """Return the place of the lowest bit that is set; there is one."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.intp), emit


@intrinsic
def count_bits(_typing: Any, bits: Any) -> Any:
    """Return how many bits are set."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.intp(types.intp), emit
