"""Windows over dense rows: sums over them, and what they give back, by shuffled vectors.

The elements that all windows have at one place lie a constant step apart. Two vectors hold those of
several windows, and one shuffle takes them out: so each place of a window is one addition of
vectors. Elements are put back where they came from in the same way.

The rows of windows are added up before, and written behind the shuffles, in registers: by way of a
scratch row between the two, rows of 28 elements took a third more time.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.cgutils import alloca_once, for_range_slice

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import INT, LANE, Lanes, integer, lanes_of


def _summed(  # noqa: PLR0913, PLR0917
    target: Any, source: Any, rows: Any, count: Any, size: Any, step: Any, scale: Any
) -> None:
    x, begin, row = source
    for o in range(count):
        total = scale * 0
        for j in range(size):
            column = get(x, begin + o * step + j)
            for i in range(1, rows):
                column += get(x, begin + i * row + o * step + j)
            total += column
        put(target[0], target[1] + o, total * scale)


def _given_back(  # noqa: PLR0913, PLR0917
    target: Any, source: Any, block: Any, count: Any, size: Any, step: Any, scale: Any
) -> None:
    out, end, row = target
    for i in range(block[0]):
        for j in range(block[1]):
            o, place = j // step, j % step
            inside = o < count and place < size
            share = get(source[0], source[1] + o) * scale if inside else scale * 0
            put(out, end + i * row + j, share)


@instruction(_summed, block=True, literal=True)
def sum_windows(  # noqa: PLR0913, PLR0917
    _typing: Any,
    target: Any,
    source: Any,
    rows: Any,
    count: Any,
    size: Any,
    step: Any,
    scale: Any,
) -> Any:
    """Add up the elements of each window of a row of windows, scaled: the rows first.

    Args:
        target: (storage, at), where the `count` sums go, one after the other.
        source: (storage, at, row), where the first window begins; its row i is at `at + i * row`.
        rows: of a window, at least one.
        count: how many windows there are, 0 or more.
        size: columns of a window, a constant.
        step: how far windows are apart, a constant.
        scale: what a sum is multiplied by.
    """
    places, apart = size.literal_value, step.literal_value
    element = target[0].dtype
    lanes = lanes_of(element.bitwidth)
    together = min(lanes.count, (2 * lanes.count - min(places, lanes.count)) // apart + 1)

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        end, begin = (
            _start(context, builder, *pair) for pair in ((target, args[0]), (source, args[1]))
        )
        row = builder.extract_value(args[1], 2)
        number, factor = args[3], lanes.splat(builder, args[6])
        columns = builder.add(builder.mul(number, integer(apart)), integer(places - apart))
        with for_range_slice(builder, integer(0), number, integer(together), INT) as (o, _):
            column = builder.mul(o, integer(apart))
            sums = None
            for j in range(places):
                if j % lanes.count == 0:
                    at = builder.add(column, integer(j))
                    block = builder.gep(begin, [at]), row, args[2], builder.sub(columns, at)
                    pair = _rows_summed(builder, lanes, block)
                tap = _picked(builder, lanes, pair, together, apart, j % lanes.count)
                sums = tap if sums is None else builder.fadd(sums, tap)
            mask = lanes.mask(builder, _least(builder, builder.sub(number, o), together), 0)
            place = lanes.at(builder, builder.gep(end, [o]), 0)
            lanes.store(builder, builder.fmul(sums, factor), place, mask)
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, source, i, i, size, step, element), emit


@instruction(_given_back, block=True, literal=True)
def spread_windows(  # noqa: PLR0913, PLR0917
    _typing: Any,
    target: Any,
    source: Any,
    block: Any,
    count: Any,
    size: Any,
    step: Any,
    scale: Any,
) -> Any:
    """Write a number, scaled, to all elements of its window, and 0 between and behind windows.

    Windows do not overlap, and their step is at most that of two vectors.

    Args:
        target: (storage, at, row), where the first window begins; row i is at `at + i * row`.
        source: (storage, at), where the `count` numbers lie, one after the other.
        block: (rows, width), how much is written, either of them 0 or more.
        count: how many windows there are, 0 or more; all of them within the width.
        size: columns of a window, a constant.
        step: how far windows are apart, a constant.
        scale: what a number is multiplied by.
    """
    places, apart = size.literal_value, step.literal_value
    element = target[0].dtype
    lanes = lanes_of(element.bitwidth)
    together = max(min(2 * lanes.count // apart, lanes.count), 1)

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        end, begin = (
            _start(context, builder, *pair) for pair in ((target, args[0]), (source, args[1]))
        )
        row, number, factor = builder.extract_value(args[0], 2), args[3], args[6]
        rows, width = (builder.extract_value(args[2], k) for k in (0, 1))
        factor = lanes.splat(builder, factor)
        columns = integer(0), width, integer(together * apart)
        with for_range_slice(builder, *columns, INT) as (column, _):
            o = builder.sdiv(column, integer(apart))
            mask = lanes.mask(builder, builder.sub(number, o), 0)
            shares = lanes.load(builder, lanes.at(builder, builder.gep(begin, [o]), 0), mask)
            shares = builder.fmul(shares, factor)
            lines = [_spread(builder, lanes, shares, v, places, apart) for v in range(2)]
            place = builder.gep(end, [column]), row, rows, builder.sub(width, column)
            _rows_filled(builder, lanes, place, lines[: -(-together * apart // lanes.count)])
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, source, block, i, size, step, element), emit


def _rows_summed(builder: Any, lanes: Lanes, block: Any) -> list[Any]:
    """Add up two vectors of each row of a block, (pointer, row, rows, width), one after the other.

    Lanes beyond the width are 0.
    """
    first, row, rows, width = block
    masks = [lanes.mask(builder, width, v) for v in range(2)]
    totals = [alloca_once(builder, lanes.type) for _ in masks]
    for v, mask in enumerate(masks):
        builder.store(lanes.load(builder, lanes.at(builder, first, v), mask), totals[v])
    with for_range_slice(builder, integer(1), rows, integer(1), INT) as (i, _):
        line = builder.gep(first, [builder.mul(i, row)])
        for v, mask in enumerate(masks):
            value = lanes.load(builder, lanes.at(builder, line, v), mask)
            builder.store(builder.fadd(builder.load(totals[v]), value), totals[v])
    return [builder.load(total) for total in totals]


def _rows_filled(builder: Any, lanes: Lanes, block: Any, values: Sequence[Any]) -> None:
    """Write vectors to each row of a block, (pointer, row, rows, width)."""
    first, row, rows, width = block
    masks = [lanes.mask(builder, width, v) for v in range(len(values))]
    with for_range_slice(builder, integer(0), rows, integer(1), INT) as (i, _):
        line = builder.gep(first, [builder.mul(i, row)])
        for v, mask in enumerate(masks):
            lanes.store(builder, values[v], lanes.at(builder, line, v), mask)


def _start(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    array, at = (builder.extract_value(value, i) for i in (0, 1))
    return builder.gep(context.make_array(kind[0])(context, builder, array).data, [at])


def _least(builder: Any, value: Any, most: int) -> Any:
    less = builder.icmp_signed("<", value, integer(most))
    return builder.select(less, value, integer(most))


def _picked(  # noqa: PLR0913, PLR0917
    builder: Any, lanes: Lanes, pair: Sequence[Any], together: int, step: int, place: int
) -> Any:
    """Return a vector of the elements at a place of windows; the lanes beyond these are any."""
    picks = [place + min(lane, together - 1) * step for lane in range(lanes.count)]
    return _shuffled(builder, lanes, pair, picks)


def _spread(  # noqa: PLR0913, PLR0917
    builder: Any, lanes: Lanes, shares: Any, vector: int, size: int, step: int
) -> Any:
    """Return one of two vectors with each share at all places of its window."""
    ordinals = range(vector * lanes.count, (vector + 1) * lanes.count)
    inside = [p // step < lanes.count and p % step < size for p in ordinals]
    windows = [p // step if i else lanes.count for p, i in zip(ordinals, inside, strict=True)]
    return _shuffled(builder, lanes, (shares, lanes.zero), windows)


def _shuffled(builder: Any, lanes: Lanes, pair: Sequence[Any], picks: list[int]) -> Any:
    return builder.shuffle_vector(*pair, ir.Constant(ir.VectorType(LANE, lanes.count), picks))
