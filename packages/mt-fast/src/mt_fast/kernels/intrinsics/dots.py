"""Many dot products at once: sums of products of strips, held in the lanes of vectors.

For the gradient of a convolution by its kernels both factors run along the pixels, so the sum runs
along the vectors. A block of `TAPS` x `CHANNELS` accumulators takes `TAPS + CHANNELS` loads for
`TAPS * CHANNELS` fused multiply-adds; each lane is a sum of its own until the end. Fewer channels
than `CHANNELS` are filled up with the last one, whose surplus results nobody reads; for the last
taps there is a block of half the height.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.cgutils import get_or_insert_function

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.floats import fma
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.loops import repeat
from mt_fast.kernels.intrinsics.strips import WORDS
from mt_fast.kernels.intrinsics.vectors import INT, Lanes, integer, lanes_of, vector_bits

CHANNELS = 4

TAPS, FEW_TAPS = {512: (6, 3), 256: (2, 1), 128: (2, 1)}[vector_bits()]
"""The heights of a block, such that the registers hold its accumulators and its loads."""


ALIGNMENT = vector_bits() // 8
"""Of a vector, in bytes."""


@dataclass(frozen=True, slots=True)
class Operands:
    """The values of one call: pointers to first elements, offsets and sizes."""

    frame: Any
    taps: list[Any]
    grad: Any
    channels: list[Any]
    strips: Any
    count: Any
    sums: Any


def _dotted(  # noqa: PLR0913, PLR0917
    taps: Any, frame: Any, grad: Any, strips: Any, sums: Any, channels: Any
) -> None:
    lanes = ALIGNMENT // sums[0].itemsize
    for s in range(strips[1]):
        place = strips[0][WORDS * s]
        for k in range(taps * CHANNELS * lanes):
            t, o, lane = k // lanes // CHANNELS, k // lanes % CHANNELS, k % lanes
            tap = get(frame[0], place + frame[1][frame[2] + t] + lane)
            channel = grad[1] + min(o, channels - 1) * grad[2]
            factor = get(grad[0], channel + s * lanes + lane)
            put(sums[0], sums[1] + k, fma(tap, factor, get(sums[0], sums[1] + k)))


def _totalled(sums: Any, at: Any) -> Any:
    total = get(sums, at)
    for lane in range(1, ALIGNMENT // sums.itemsize):
        total += get(sums, at + lane)
    return total


@instruction(_dotted, block=True)
def dots(  # noqa: PLR0913, PLR0917
    _typing: Any,
    taps: Any,
    frame: Any,
    grad: Any,
    strips: Any,
    sums: Any,
    channels: Any,
) -> Any:
    """Add to each accumulator the products of a tap and a channel, over strips of pixels.

    Args:
        taps: how many there are, `TAPS` or `FEW_TAPS`.
        frame: (storage, table, k); tap t of a strip lies at its place in the frame, plus
            `table[k + t]`.
        grad: (storage, at, channel); channel o of strip s is the vector s from
            `at + o * channel`, where vectors are aligned.
        strips: (array, count); the words of each are those of `correlate_strips`.
        sums: (storage, at); accumulator (t, o) is vector `t * CHANNELS + o` from `at`.
        channels: how many there are, 1 to `CHANNELS`.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        def item(k: int, i: int) -> Any:
            return builder.extract_value(args[k], i)

        def data(k: int, kind: Any, i: int = 0) -> Any:
            return context.make_array(kind[i])(context, builder, item(k, i)).data

        lanes = lanes_of(sums[0].dtype.bitwidth)
        x = Operands(
            data(1, frame),
            builder.gep(data(1, frame, 1), [item(1, 2)]),
            builder.gep(data(2, grad), [item(2, 1)]),
            _channels(builder, args[5], item(2, 2)),
            data(3, strips),
            item(3, 1),
            builder.gep(data(4, sums), [item(4, 1)]),
        )
        many = builder.icmp_signed("==", args[0], integer(TAPS))
        with builder.if_else(many) as (then, otherwise):
            with then:
                _accumulate(builder, lanes, TAPS, x)
            with otherwise:
                _accumulate(builder, lanes, FEW_TAPS, x)
        return context.get_dummy_value()

    i = types.intp
    return types.void(i, frame, grad, strips, sums, i), emit


@instruction(lambda _storage: 0)
def aligned(_typing: Any, storage: Any) -> Any:
    """Return the first position of a storage where an aligned vector may begin."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        data = context.make_array(storage)(context, builder, args[0]).data
        past = builder.urem(builder.neg(builder.ptrtoint(data, INT)), integer(ALIGNMENT))
        return builder.udiv(past, integer(storage.dtype.bitwidth // 8))

    return types.intp(storage), emit


@instruction(_totalled, block=True)
def total(_typing: Any, sums: Any, at: Any) -> Any:
    """Return the sum of the lanes of an accumulator at a position, halves first."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(sums.dtype.bitwidth)
        data = context.make_array(sums)(context, builder, args[0]).data
        place = lanes.at(builder, builder.gep(data, [args[1]]), 0)
        kind = ir.FunctionType(lanes.element, [lanes.element, lanes.type])
        name = f"llvm.vector.reduce.fadd.v{lanes.count}f{lanes.bits}"
        fold = get_or_insert_function(builder.module, kind, name)
        zero = ir.Constant(lanes.element, -0.0)
        return builder.call(fold, [zero, lanes.load(builder, place)], fastmath=("reassoc",))

    return sums.dtype(sums, types.intp), emit


def _channels(builder: Any, count: Any, stride: Any) -> list[Any]:
    """Return where each channel starts; beyond the last there is the last."""
    last = builder.sub(count, integer(1))
    offsets = []
    for o in range(CHANNELS):
        there = builder.icmp_signed("<", integer(o), count)
        offsets.append(builder.mul(builder.select(there, integer(o), last), stride))
    return offsets


def _accumulate(builder: Any, lanes: Lanes, taps: int, x: Operands) -> None:
    offsets = [builder.load(builder.gep(x.taps, [integer(t)])) for t in range(taps)]
    places = [lanes.at(builder, x.sums, k) for k in range(taps * CHANNELS)]
    before = [lanes.load(builder, place) for place in places]
    entry, loop = builder.block, builder.append_basic_block("strip")
    done = builder.append_basic_block("strips_end")
    builder.branch(loop)
    builder.position_at_end(loop)
    s, strip = builder.phi(INT), builder.phi(x.strips.type)
    totals = [builder.phi(lanes.type) for _ in places]
    image = builder.gep(x.frame, [builder.load(strip)])
    line = builder.gep(x.grad, [builder.mul(s, integer(lanes.count))])
    channels = [
        builder.load(lanes.at(builder, builder.gep(line, [offset]), 0), align=ALIGNMENT)
        for offset in x.channels
    ]
    added = []
    for t, offset in enumerate(offsets):
        tap = lanes.load(builder, lanes.at(builder, builder.gep(image, [offset]), 0))
        own = totals[t * CHANNELS : (t + 1) * CHANNELS]
        added += [lanes.fma(builder, tap, c, s) for c, s in zip(channels, own, strict=True)]
    following = builder.add(s, integer(1))
    carried = [
        (s, integer(0), following),
        (strip, x.strips, builder.gep(strip, [integer(WORDS)])),
        *zip(totals, before, added, strict=True),
    ]
    for phi, first, value in carried:
        phi.add_incoming(first, entry)
        phi.add_incoming(value, loop)
    repeat(builder, builder.icmp_signed("<", following, x.count), loop, done)
    builder.position_at_end(done)
    for sum_, place_ in zip(added, places, strict=True):
        lanes.store(builder, sum_, place_)
