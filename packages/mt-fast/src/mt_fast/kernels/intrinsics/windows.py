"""Windows along a dense row: sums over them, and what they give back, by shuffled vectors.

The elements that all windows have at one place lie a constant step apart. Two vectors hold those of
several windows, and one shuffle takes them out: so each place of a window is one addition of
vectors. Elements are put back where they came from in the same way.

The rows between the vectors and the windows are read and written whole, beyond their end as well:
what has been stored under a mask reaches the next load only by way of the cache.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.cgutils import for_range_slice

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import INT, LANE, Lanes, integer, lanes_of


def _summed(  # noqa: PLR0913, PLR0917
    target: Any, source: Any, count: Any, size: Any, step: Any, scale: Any
) -> None:
    for o in range(count):
        total = get(source[0], source[1] + o * step)
        for j in range(1, size):
            total += get(source[0], source[1] + o * step + j)
        put(target[0], target[1] + o, total * scale)


def _given_back(  # noqa: PLR0913, PLR0917
    target: Any, source: Any, count: Any, size: Any, step: Any, scale: Any
) -> None:
    for o in range(count):
        share = get(source[0], source[1] + o) * scale
        for j in range(step):
            put(target[0], target[1] + o * step + j, share if j < size else share * 0)


@instruction(_summed, block=True, literal=True)
def sum_windows(  # noqa: PLR0913, PLR0917
    _typing: Any, target: Any, source: Any, count: Any, size: Any, step: Any, scale: Any
) -> Any:
    """Add up the elements of each window, scaled.

    Args:
        target: (storage, at), where the `count` sums go, one after the other.
        source: (storage, at), where the first window begins; behind the beginning of the last one
            there are two vectors more than it has.
        count: how many there are, 0 or more.
        size: elements of a window, a constant.
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
        number, factor = args[2], lanes.splat(builder, args[5])
        with for_range_slice(builder, integer(0), number, integer(together), INT) as (o, _):
            left = builder.sub(number, o)
            first = builder.gep(begin, [builder.mul(o, integer(apart))])
            sums = None
            for j in range(places):
                if j % lanes.count == 0:
                    start = builder.gep(first, [integer(j)])
                    pair = [lanes.load(builder, lanes.at(builder, start, v)) for v in range(2)]
                tap = _picked(builder, lanes, pair, together, apart, j % lanes.count)
                sums = tap if sums is None else builder.fadd(sums, tap)
            mask = lanes.mask(builder, _least(builder, left, together), 0)
            place = lanes.at(builder, builder.gep(end, [o]), 0)
            lanes.store(builder, builder.fmul(sums, factor), place, mask)
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, source, i, size, step, element), emit


@instruction(_given_back, block=True, literal=True)
def spread_windows(  # noqa: PLR0913, PLR0917
    _typing: Any, target: Any, source: Any, count: Any, size: Any, step: Any, scale: Any
) -> Any:
    """Write a number, scaled, to all elements of its window, and 0 between and behind windows.

    Windows do not overlap, and their step is at most that of two vectors.

    Args:
        target: (storage, at), where the first window begins; there are two vectors behind the last
            one's beginning.
        source: (storage, at), where the `count` numbers lie, one after the other.
        count: how many there are, 0 or more.
        size: elements of a window, a constant.
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
        number, factor = args[2], lanes.splat(builder, args[5])
        with for_range_slice(builder, integer(0), number, integer(together), INT) as (o, _):
            left = builder.sub(number, o)
            mask = lanes.mask(builder, _least(builder, left, together), 0)
            shares = lanes.load(builder, lanes.at(builder, builder.gep(begin, [o]), 0), mask)
            shares = builder.fmul(shares, factor)
            first = builder.gep(end, [builder.mul(o, integer(apart))])
            for v in range(2):
                line = _spread(builder, lanes, shares, v, places, apart)
                lanes.store(builder, line, lanes.at(builder, first, v))
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, source, i, size, step, element), emit


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
