"""The heart of a convolution: some channels of some strips of the output, held in registers.

A strip is a vector of neighbouring pixels of one row. The strips of a tile come from a list and lie
anywhere, so a narrow image fills a tile as a wide one does, and few channels go with more strips:
what counts is that many accumulators are at work. Each step over k, a channel of the image and a
tap, loads a vector for each strip and broadcasts a weight for each channel.

The image lies in a frame (`mt_fast.kernels.convolution`) that ends a vector later than it must: so
strips are loaded whole, and only what is stored is masked.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from dataclasses import dataclass
from typing import Any

from numba.core import types

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.floats import fma
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.loops import repeat
from mt_fast.kernels.intrinsics.tile import HEIGHTS
from mt_fast.kernels.intrinsics.vectors import INT, Lanes, integer, lanes_of, vector_bits

REGISTERS = 32 if vector_bits() == 512 else 16  # noqa: PLR2004  bits

MOST_STRIPS = 4
"""Of a tile. With 6, four channels would be as fast, but rows of two strips fill fewer tiles."""

STRIPS = (
    0,
    *(
        max(1, min(MOST_STRIPS, (REGISTERS - 1) // (height + 1)))
        for height in range(1, HEIGHTS[-1] + 1)
    ),
)
"""How many strips there are in a tile of so many channels: accumulators, strips and a weight."""

WORDS = 3
"""Of a strip in the list: its place in the frame, its place in the output, its pixels."""


@dataclass(frozen=True, slots=True)
class Operands:
    """The values of one tile: pointers to its first elements, strides and sizes."""

    weight: Any
    weight_step: Any
    frame: Any
    table: Any
    strips: Any
    out: Any
    channel: Any
    bias: Any
    depth: Any


def _correlated(  # noqa: PLR0913, PLR0917
    height: Any, weight: Any, frame: Any, strips: Any, out: Any, bias: Any, depth: Any
) -> None:
    for s in range(STRIPS[height]):
        at = strips[1] + WORDS * s
        source, to, pixels = strips[0][at], strips[0][at + 1], strips[0][at + 2]
        for i in range(height):
            for j in range(pixels):
                total = get(bias[0], bias[1] + i)
                for k in range(depth):
                    factor = get(weight[0], weight[1] + k * weight[2] + i)
                    total = fma(factor, get(frame[0], source + frame[1][k] + j), total)
                put(out[0], out[1] + i * out[2] + to + j, total)


@instruction(_correlated, block=True)
def correlate_strips(  # noqa: PLR0913, PLR0917
    _typing: Any,
    height: Any,
    weight: Any,
    frame: Any,
    strips: Any,
    out: Any,
    bias: Any,
    depth: Any,
) -> Any:
    """Set `height` channels of `STRIPS[height]` strips to their bias plus a sum over k.

    Args:
        height: channels, one of `HEIGHTS`.
        weight: (storage, at, step); the weight of channel i at k lies at `at + k * step + i`.
        frame: (storage, table); k of a strip lies at its place in the frame, plus `table[k]`.
        strips: (array, at); their words lie one after the other from `at`.
        out: (storage, at, channel); channel i of a strip lies at `at + i * channel` plus its place.
        bias: (storage, at), with one number for each channel.
        depth: how many k there are, at least one.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        def item(k: int, i: int) -> Any:
            return builder.extract_value(args[k], i)

        def data(k: int, kind: Any, i: int = 0) -> Any:
            return context.make_array(kind[i])(context, builder, item(k, i)).data

        x = Operands(
            builder.gep(data(1, weight), [item(1, 1)]),
            item(1, 2),
            data(2, frame),
            data(2, frame, 1),
            builder.gep(data(3, strips), [item(3, 1)]),
            builder.gep(data(4, out), [item(4, 1)]),
            item(4, 2),
            builder.gep(data(5, bias), [item(5, 1)]),
            args[6],
        )
        _by_height(builder, lanes_of(out[0].dtype.bitwidth), args[0], x)
        return context.get_dummy_value()

    i = types.intp
    return types.void(i, weight, frame, strips, out, bias, i), emit


def _by_height(builder: Any, lanes: Lanes, height: Any, x: Operands) -> None:
    end = builder.append_basic_block("strips_end")
    switch = builder.switch(height, end)
    for channels in HEIGHTS:
        block = builder.append_basic_block(f"strips_{channels}")
        switch.add_case(integer(channels), block)
        builder.position_at_end(block)
        _tile(builder, lanes, channels, x)
        builder.branch(end)
    builder.position_at_end(end)


def _tile(builder: Any, lanes: Lanes, height: int, x: Operands) -> None:
    strips = range(STRIPS[height])

    def word(s: int, w: int) -> Any:
        return builder.load(builder.gep(x.strips, [integer(WORDS * s + w)]))

    sums = _accumulate(builder, lanes, height, x, [word(s, 0) for s in strips])
    for s in strips:
        place, mask = builder.gep(x.out, [word(s, 1)]), lanes.mask(builder, word(s, 2), 0)
        for i in range(height):
            line = builder.gep(place, [builder.mul(x.channel, integer(i))])
            lanes.store(builder, sums[i][s], lanes.at(builder, line, 0), mask)


def _accumulate(
    builder: Any, lanes: Lanes, height: int, x: Operands, places: list[Any]
) -> list[list[Any]]:
    """Emit the loop over k; returns the accumulators, by channel and strip."""
    starts = [builder.gep(x.frame, [place]) for place in places]
    first = [
        lanes.splat(builder, builder.load(builder.gep(x.bias, [integer(i)]))) for i in range(height)
    ]
    before, loop = builder.block, builder.append_basic_block("k")
    done = builder.append_basic_block("k_end")
    builder.branch(loop)
    builder.position_at_end(loop)
    k, weights = builder.phi(INT), builder.phi(x.weight.type)
    sums = [[builder.phi(lanes.type) for _ in places] for _ in range(height)]
    tap = builder.load(builder.gep(x.table, [k]))
    line = [
        lanes.load(builder, lanes.at(builder, builder.gep(start, [tap]), 0)) for start in starts
    ]
    added = []
    for i in range(height):
        factor = lanes.splat(builder, builder.load(builder.gep(weights, [integer(i)])))
        added.append([lanes.fma(builder, factor, y, s) for y, s in zip(line, sums[i], strict=True)])
    following = builder.add(k, integer(1))
    carried = [
        (k, integer(0), following),
        (weights, x.weight, builder.gep(weights, [x.weight_step])),
    ]
    for i, (old, new) in enumerate(zip(sums, added, strict=True)):
        carried += [(s, first[i], t) for s, t in zip(old, new, strict=True)]
    for phi, start, value in carried:
        phi.add_incoming(start, before)
        phi.add_incoming(value, loop)
    repeat(builder, builder.icmp_signed("<", following, x.depth), loop, done)
    builder.position_at_end(done)
    return added
