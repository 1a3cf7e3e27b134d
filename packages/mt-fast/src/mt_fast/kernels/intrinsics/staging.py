"""What the loops of `tiled` are made of: rectangles brought near, elements taken and given.

A group is a tuple of arrays, the output first, so that one kernel serves operators of any number
of inputs; LLVM sees through the tuples. Elements are read and written at a position, without
Python's index rules.

What is read is said not to be what is written. An operand may be the output itself, element for
element; but an element is written when its own operands have been read, and no other reads it, so
that any order of the elements is right. Without that word LLVM compares addresses before each row,
and goes one by one where an operand is the output.

Each definition stands after its meaning.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.cgutils import alloca_once
from numba.np.arrayobj import load_item, store_item

from mt_fast.kernels.calling import KERNEL, WORD, scalar_type
from mt_fast.kernels.intrinsics.elements import get, place_of, put
from mt_fast.kernels.intrinsics.instruction import CHECKED, instruction

AREA = 1 << 11
"""Elements of a rectangle that is brought near: 8 kB of float32, so that some fit the cache."""

ZERO = ir.Constant(WORD, 0)


def _taken(number: Any, group: Any, places: Any, i: Any, steps: Any) -> Any:
    parts = zip(group[1:], places[1:], steps[1:], strict=True)
    return tuple(number(get(array, place + i * step)) for array, place, step in parts)


def _given(group: Any, position: Any, value: Any) -> None:
    put(group[0], position, value)


def _moved(places: Any, steps: Any, i: Any) -> Any:
    return tuple(place + i * step for place, step in zip(places, steps, strict=True))


def _brought(  # noqa: PLR0913, PLR0917
    group: Any, places: Any, layout: Any, at: Any, rows: Any, columns: Any
) -> Any:
    n = len(group)
    movers, down, right = (layout[at + part * n : at + part * n + n] for part in range(3))
    near, starts, steps = [*group], [*places], [*down]
    for k in range(n):
        if movers[k]:
            near[k], starts[k], steps[k] = np.empty(rows * columns, group[k].dtype), 0, columns
        if movers[k] and k:
            kernel = ctypes.cast(int(movers[k]), ctypes.py_object).value
            kernel((near[k], group[k], 0, places[k]), (columns, right[k], down[k]), 0, rows)
    return tuple(near), tuple(starts), tuple(steps)


def _sent(  # noqa: PLR0913, PLR0917
    group: Any, near: Any, places: Any, layout: Any, at: Any, rows: Any, columns: Any
) -> None:
    n = len(group)
    if layout[at]:
        kernel = ctypes.cast(int(layout[at]), ctypes.py_object).value
        strides = columns, layout[at + 2 * n], layout[at + n]
        kernel((group[0], near[0], places[0], 0), strides, 0, rows)


@instruction(_taken)
def take(_typing: Any, number: Any, group: Any, places: Any, i: Any, steps: Any) -> Any:
    """Return the tuple of `number(group[k][places[k] + i * steps[k]])`, of the operands."""
    scalar = scalar_type(number)
    result = types.UniTuple(scalar, len(group) - 1)

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        values = []
        for k in range(1, len(group)):
            step = builder.mul(args[3], builder.extract_value(args[4], k))
            position = builder.add(builder.extract_value(args[2], k), step)
            array = builder.extract_value(args[1], k)
            place = place_of(context, builder, group[k], array, position)
            value = load_item(context, builder, group[k], place)
            _mark(builder, "load", "noalias")
            values.append(context.cast(builder, value, group[k].dtype, scalar))
        return context.make_tuple(builder, result, values)

    return result(number, group, places, types.intp, steps), emit


@instruction(_given)
def give(_typing: Any, group: Any, position: Any, value: Any) -> Any:
    """Set an element of the output, the first of a group, converted to its dtype."""
    out = group[0]

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        array = builder.extract_value(args[0], 0)
        place = place_of(context, builder, out, array, args[1])
        store_item(context, builder, out, context.cast(builder, args[2], value, out.dtype), place)
        _mark(builder, "store", "alias.scope")
        return context.get_dummy_value()

    return types.void(group, types.intp, value), emit


@instruction(_moved)
def moved(_typing: Any, places: Any, steps: Any, i: Any) -> Any:
    """Return the positions after `i` steps."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        far = []
        for k in range(len(places)):
            step = builder.mul(args[2], builder.extract_value(args[1], k))
            far.append(builder.add(builder.extract_value(args[0], k), step))
        return context.make_tuple(builder, places, far)

    return places(places, steps, types.intp), emit


@instruction(_brought)
def brought(  # noqa: PLR0913, PLR0917
    _typing: Any, group: Any, places: Any, layout: Any, at: Any, rows: Any, columns: Any
) -> Any:
    """Bring rectangles near; return the group as it is now, its positions, and steps down.

    From `at`, `layout` holds the addresses of what copies each or 0, and the strides down and
    right. Of the output there is only memory for what will be copied.
    """
    result = types.Tuple((group, places, places))

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        arrays, starts, steps = [], [], []
        for k, kind in enumerate(group):
            one = _rectangle(context, builder, group, args, k)
            near = alloca_once(builder, one.array.data.type.pointee, size=AREA)
            if k:
                one.copy(builder, near, back=False)
            arrays.append(one.array_near(context, builder, kind, near))
            starts.append(builder.select(one.copied(builder), ZERO, one.place))
            steps.append(builder.select(one.copied(builder), one.columns, one.down))
        parts = (group, arrays), (places, starts), (places, steps)
        tuples = [context.make_tuple(builder, kind, values) for kind, values in parts]
        return context.make_tuple(builder, result, tuples)

    i = types.intp
    return result(group, places, layout, i, i, i), emit


@instruction(_sent)
def sent(  # noqa: PLR0913, PLR0917
    _typing: Any, group: Any, near: Any, places: Any, layout: Any, at: Any, rows: Any, columns: Any
) -> Any:
    """Copy the rectangle of the output to where it belongs, if it is near; as `brought`."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        values, brought_near, *others = args
        array = builder.extract_value(brought_near, 0)
        memory = context.make_array(group[0])(context, builder, array).data
        one = _rectangle(context, builder, group, (values, *others), 0)
        one.copy(builder, memory, back=True)
        return context.get_dummy_value()

    i = types.intp
    return types.void(group, near, places, layout, i, i, i), emit


@dataclass(frozen=True, slots=True)
class Rectangle:
    """The values of a rectangle of one array.

    Attributes:
        array: the storage.
        place: the position of the first element.
        right, down: the strides.
        rows, columns: the sizes.
        mover: the address of the kernel that copies it, 0 for none.
    """

    array: Any
    place: Any
    right: Any
    down: Any
    rows: Any
    columns: Any
    mover: Any

    def copied(self, builder: Any) -> Any:
        """Return whether there is a copy."""
        return builder.icmp_signed("!=", self.mover, ZERO)

    def copy(self, builder: Any, near: Any, *, back: bool) -> None:
        """Emit: copy it to memory that is near, or back, if it is to be copied."""
        here, there = (builder.ptrtoint(pointer, WORD) for pointer in (near, self.array.data))
        words = [there, here, self.place, ZERO] if back else [here, there, ZERO, self.place]
        # Kernels that check indices find the sizes before their words, the last one first.
        sizes = [ir.Constant(WORD, AREA), self.array.nitems] if CHECKED else []
        before = sizes if back else sizes[::-1]
        with builder.if_then(self.copied(builder)):
            data = _filled(builder, [*before, *words])
            layout = _filled(builder, [self.columns, self.right, self.down])
            mover = builder.inttoptr(self.mover, KERNEL.as_pointer())
            start = builder.gep(data, [ir.Constant(WORD, len(before))])
            builder.call(mover, [start, layout, ZERO, self.rows])

    def array_near(self, context: Any, builder: Any, kind: Any, near: Any) -> Any:
        """Return the array to work on: the memory that is near, or the storage."""
        value = context.make_array(kind)(context, builder, self.array._getvalue())  # noqa: SLF001
        value.data = builder.select(self.copied(builder), near, self.array.data)
        if CHECKED:
            area = ir.Constant(WORD, AREA)
            value.nitems = builder.select(self.copied(builder), area, self.array.nitems)
        return value._getvalue()  # noqa: SLF001  Numba's name for the value


def _rectangle(context: Any, builder: Any, group: Any, args: Any, k: int) -> Rectangle:
    values, places, layout, at, rows, columns = args
    words = []
    for part in range(3):
        word = builder.add(at, ir.Constant(WORD, part * len(group) + k))
        words.append(builder.load(builder.gep(layout, [word])))
    mover, down, right = words
    array = context.make_array(group[k])(context, builder, builder.extract_value(values, k))
    return Rectangle(array, builder.extract_value(places, k), right, down, rows, columns, mover)


def _filled(builder: Any, values: list[Any]) -> Any:
    """Return memory of this call that holds words."""
    words = alloca_once(builder, WORD, size=len(values))
    for k, value in enumerate(values):
        builder.store(value, builder.gep(words, [ir.Constant(WORD, k)]))
    return words


def _mark(builder: Any, kind: str, metadata: str) -> None:
    """Say of the last load or store that it is none, or one, of the output."""
    module = builder.module
    scope = module.add_metadata(["output", module.add_metadata(["elementwise"])])
    last = next(i for i in reversed(builder.block.instructions) if i.opname == kind)
    last.set_metadata(metadata, module.add_metadata([scope]))
