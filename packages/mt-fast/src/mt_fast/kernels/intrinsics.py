"""What a kernel needs of LLVM: reads and writes at a position, without Python's index rules.

Numba's own `a[i]` wraps negative indices, which keeps LLVM from vectorising a loop whose index is
an expression. These intrinsics compute an address and nothing else. A group of operands is a
tuple of arrays, so that one kernel serves operators of any number of inputs; LLVM sees through
the tuples.
"""

from typing import Any

from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import load_item, store_item


def _scalar(number: Any) -> Any:
    return number.dtype if isinstance(number, types.NumberClass) else number.instance_type


def _read(context: Any, builder: Any, array: Any, value: Any, position: Any) -> Any:
    data = context.make_array(array)(context, builder, value).data
    return load_item(context, builder, array, builder.gep(data, [position]))


@intrinsic
def get(typing: Any, array: Any, position: Any) -> Any:  # noqa: ARG001
    """Return `array[position]`."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _read(context, builder, array, *args)

    return array.dtype(array, types.intp), emit


@intrinsic
def put(typing: Any, array: Any, position: Any, value: Any) -> Any:  # noqa: ARG001
    """Set `array[position] = value`, converted to the array's dtype."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        data = context.make_array(array)(context, builder, args[0]).data
        converted = context.cast(builder, args[2], value, array.dtype)
        store_item(context, builder, array, converted, builder.gep(data, [args[1]]))
        return context.get_dummy_value()

    return types.void(array, types.intp, value), emit


@intrinsic
def gather(typing: Any, number: Any, arrays: Any, positions: Any, i: Any, steps: Any) -> Any:  # noqa: ARG001, PLR0913
    """Return the tuple of `number(arrays[k][positions[k + 1] + i * steps[k + 1]])`.

    Entry 0 of `positions` and `steps` belongs to the output.
    """
    scalar = _scalar(number)
    result = types.UniTuple(scalar, len(arrays))

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        _, group, starts, ordinal, strides = args
        values = []
        for k, array in enumerate(arrays):
            step = builder.mul(ordinal, builder.extract_value(strides, k + 1))
            position = builder.add(builder.extract_value(starts, k + 1), step)
            value = _read(context, builder, array, builder.extract_value(group, k), position)
            values.append(context.cast(builder, value, array.dtype, scalar))
        return context.make_tuple(builder, result, values)

    return result(number, arrays, positions, types.intp, steps), emit


@intrinsic
def advance(typing: Any, positions: Any, strides: Any, dimension: Any, i: Any) -> Any:  # noqa: ARG001
    """Return the positions after `i` steps along a dimension: `p[k] + i * strides[dimension, k]`.

    `strides` is a contiguous array of two dimensions, (dimension, operand).
    """
    count = len(positions)

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        starts, table, row, ordinal = args
        data = context.make_array(strides)(context, builder, table).data
        first = builder.mul(row, context.get_constant(types.intp, count))
        moved = []
        for k in range(count):
            at = builder.add(first, context.get_constant(types.intp, k))
            step = builder.mul(ordinal, builder.load(builder.gep(data, [at])))
            moved.append(builder.add(builder.extract_value(starts, k), step))
        return context.make_tuple(builder, positions, moved)

    return positions(positions, strides, types.intp, types.intp), emit


@intrinsic
def inner_steps(typing: Any, kinds: Any, strides: Any) -> Any:  # noqa: ARG001
    """Return the strides of the last dimension, as constants where `kinds` has them.

    A kind is 0 or 1, a stride known at compilation, or -1: read it from the array `strides`.
    """
    count = len(kinds)

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        array = context.make_array(strides)(context, builder, args[1])
        zero = context.get_constant(types.intp, 0)
        rows = builder.extract_value(array.shape, 0)
        first = builder.mul(
            builder.sub(rows, context.get_constant(types.intp, 1)),
            context.get_constant(types.intp, count),
        )
        steps = []
        for k in range(count):
            kind = builder.extract_value(args[0], k)
            at = builder.add(first, context.get_constant(types.intp, k))
            stride = builder.load(builder.gep(array.data, [at]))
            steps.append(builder.select(builder.icmp_signed("<", kind, zero), stride, kind))
        return context.make_tuple(builder, kinds, steps)

    return kinds(kinds, strides), emit
