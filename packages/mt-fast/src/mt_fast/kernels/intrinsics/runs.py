"""Blocks of dense rows, a vector at a time.

LLVM widens a simple loop by itself, but for rows of tens of elements it spends more on asking
whether the two overlap, and on the rest that fills no vector, than on the row.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.core.cgutils import alloca_once_value, for_range_slice

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import INT, Lanes, integer, lanes_of, vector_bits

VECTOR_BYTES = vector_bits() // 8


def _copied(target: Any, source: Any, rows: Any, width: Any) -> None:
    for i in range(rows):
        for j in range(width):
            value = get(source[0], source[1] + i * source[2] + j)
            put(target[0], target[1] + i * target[2] + j, value)


def _gathered(target: Any, source: Any, total: Any, rows: Any, width: Any) -> None:
    lanes = VECTOR_BYTES // target[0].itemsize
    for j in range(width):
        lane = total[1] + j % lanes
        for i in range(rows):
            value = get(source[0], source[1] + i * source[2] + j)
            put(target[0], target[1] + i * target[2] + j, value)
            put(total[0], lane, get(total[0], lane) + value)


def _starts(context: Any, builder: Any, kinds: Any, blocks: Any) -> list[Any]:
    """Return pointers to the first elements of blocks, (storage, at, ...)."""
    starts = []
    for kind, block in zip(kinds, blocks, strict=True):
        array, at = (builder.extract_value(block, i) for i in (0, 1))
        data = context.make_array(kind[0])(context, builder, array).data
        starts.append(builder.gep(data, [at]))
    return starts


def _vector(builder: Any, lanes: Lanes, pointer: Any, offset: Any) -> Any:
    return lanes.at(builder, builder.gep(pointer, [offset]), 0)


@instruction(_copied, block=True)
def copy_rows(_typing: Any, target: Any, source: Any, rows: Any, width: Any) -> Any:
    """Copy a block of `rows` dense rows of `width` elements, either of them 0 or more.

    Args:
        target: (storage, at, row); row i begins at `at + i * row`.
        source: (storage, at, row), of another storage.
        rows: how many there are.
        width: elements of a row.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target[0].dtype.bitwidth)
        starts = _starts(context, builder, (target, source), args[:2])
        steps = [builder.extract_value(args[k], 2) for k in (0, 1)]
        _copy(builder, lanes, (starts, steps, args[2], args[3]), lambda _value: None)
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, source, i, i), emit


@instruction(_gathered, block=True)
def copy_and_add(_typing: Any, target: Any, source: Any, total: Any, rows: Any, width: Any) -> Any:
    """Copy a block as `copy_rows` does, and add its elements to the lanes of a vector.

    Args:
        target: as there.
        source: as there.
        total: (storage, at), a vector: element j of each row is added to lane j, modulo the lanes.
        rows: as there.
        width: as there.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target[0].dtype.bitwidth)
        *starts, sums = _starts(context, builder, (target, source, total), args[:3])
        steps = [builder.extract_value(args[k], 2) for k in (0, 1)]
        place = lanes.at(builder, sums, 0)
        held = alloca_once_value(builder, lanes.load(builder, place))

        def add(value: Any) -> None:
            builder.store(builder.fadd(builder.load(held), value), held)

        _copy(builder, lanes, (starts, steps, args[3], args[4]), add)
        lanes.store(builder, builder.load(held), place)
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, source, total, i, i), emit


def _copy(builder: Any, lanes: Lanes, block: Any, use: Callable[[Any], None]) -> None:
    """Emit the copy of a block, and the use of each vector: the first ones of all rows first."""
    (end, begin), steps, rows, width = block
    with for_range_slice(builder, integer(0), width, integer(lanes.count), intp=INT) as (j, _):
        mask = lanes.mask(builder, builder.sub(width, j), 0)
        with for_range_slice(builder, integer(0), rows, integer(1), intp=INT) as (i, _):
            to, at = (builder.add(j, builder.mul(i, step)) for step in steps)
            value = lanes.load(builder, _vector(builder, lanes, begin, at), mask)
            lanes.store(builder, value, _vector(builder, lanes, end, to), mask)
            use(value)
