"""Many dot products at once: sums of products of rows, held in the lanes of vectors.

For the gradient of a convolution by its kernels both factors run along the pixels, so the sum runs
along the vectors. A block of `TAPS` x `CHANNELS` accumulators takes `TAPS + CHANNELS` loads for
`TAPS * CHANNELS` fused multiply-adds; each lane is a sum of its own until the end. Fewer channels
than `CHANNELS` are filled up with the last one, whose surplus results nobody reads.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from typing import Any

from numba.core import types
from numba.extending import intrinsic

from mt_fast.kernels.vectors import INT, Lanes, integer, lanes_of, vector_bits

TAPS, CHANNELS = {512: (6, 4), 256: (3, 4), 128: (3, 4)}[vector_bits()]
"""The accumulators that the registers hold."""


@intrinsic
def dots(  # noqa: PLR0913, PLR0917
    _typing: Any,
    x: Any,
    grad: Any,
    sums: Any,
    channels: Any,
    rows: Any,
    width: Any,
) -> Any:
    """Add to each accumulator the products of a tap and a channel, over `rows` rows.

    Args:
        x: (storage, at, row, table, k); tap t of row y starts at `at + y * row + table[k + t]`.
        grad: (storage, at, row, channel); channel o of row y is at `at + y * row + o * channel`.
        sums: (storage, at); accumulator (t, o) is vector `t * CHANNELS + o` from `at`.
        channels: how many there are, 1 to `CHANNELS`.
        rows: at least one.
        width: elements of a row, at most a vector.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        def item(k: int, i: int) -> Any:
            return builder.extract_value(args[k], i)

        def pointer(k: int, kind: Any) -> Any:
            data = context.make_array(kind[0])(context, builder, item(k, 0)).data
            return builder.gep(data, [item(k, 1)])

        lanes = lanes_of(sums[0].dtype.bitwidth)
        table = context.make_array(x[3])(context, builder, item(0, 3)).data
        places = [builder.add(item(0, 4), integer(t)) for t in range(TAPS)]
        taps = [builder.load(builder.gep(table, [place])) for place in places]
        offsets = _channels(builder, args[3], item(1, 3))
        starts = (pointer(0, x), taps, item(0, 2)), (pointer(1, grad), offsets, item(1, 2))
        _accumulate(builder, lanes, starts, pointer(2, sums), args[4], args[5])
        return context.get_dummy_value()

    i = types.intp
    return types.void(x, grad, sums, i, i, i), emit


def _channels(builder: Any, count: Any, stride: Any) -> list[Any]:
    """Return where each channel starts; beyond the last there is the last."""
    last = builder.sub(count, integer(1))
    offsets = []
    for o in range(CHANNELS):
        there = builder.icmp_signed("<", integer(o), count)
        offsets.append(builder.mul(builder.select(there, integer(o), last), stride))
    return offsets


def _accumulate(  # noqa: PLR0913, PLR0917
    builder: Any, lanes: Lanes, starts: tuple[Any, Any], sums: Any, rows: Any, width: Any
) -> None:
    mask = lanes.mask(builder, width, 0)
    places = [lanes.at(builder, sums, k) for k in range(TAPS * CHANNELS)]
    before = [lanes.load(builder, place) for place in places]
    entry, loop = builder.block, builder.append_basic_block("rows")
    done = builder.append_basic_block("rows_end")
    builder.branch(loop)
    builder.position_at_end(loop)
    y = builder.phi(INT)
    lines = [builder.phi(pointer.type) for pointer, _, _ in starts]
    totals = [builder.phi(lanes.type) for _ in places]

    def load(k: int, offset: Any) -> Any:
        start = builder.gep(lines[k], [offset])
        return lanes.load(builder, lanes.at(builder, start, 0), mask)

    channels = [load(1, offset) for offset in starts[1][1]]
    added = []
    for t, offset in enumerate(starts[0][1]):
        tap = load(0, offset)
        own = totals[t * CHANNELS : (t + 1) * CHANNELS]
        added += [lanes.fma(builder, tap, c, s) for c, s in zip(channels, own, strict=True)]
    following = builder.add(y, integer(1))
    carried = [(y, integer(0), following), *zip(totals, before, added, strict=True)]
    for line, (pointer, _, row) in zip(lines, starts, strict=True):
        carried.append((line, pointer, builder.gep(line, [row])))
    for phi, first, value in carried:
        phi.add_incoming(first, entry)
        phi.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", following, rows), loop, done)
    builder.position_at_end(done)
    for total, place in zip(added, places, strict=True):
        lanes.store(builder, total, place)
