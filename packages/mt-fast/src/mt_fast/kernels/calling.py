"""How kernels are called: every kernel is a C function of the same four arguments.

    kernel(data, layout, first, last)

- `data`: for each storage, output first, its address; then for each the position of the first
  element.
- `layout`: sizes and strides, as the kernel documents.
- `first`, `last`: which units of work to do. Units are independent, so threads can share them.

All are 64-bit integers. `starting` makes the call on arrays from Python; one function here, the
same for all kernels, shares the units among threads. A kernel is compiled once for both, and for
`playing`, which makes a whole list of calls in a replay.

What such a list is made of is noted down by the calls themselves: where `note` finds a notebook,
it writes the call there before it is made.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import prange
from numba.core import types
from numba.core.cgutils import raw_memcpy
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from mt_fast.kernels.intrinsics.instruction import CHECKED, instruction

WORD = ir.IntType(64)
WORDS = types.CPointer(types.int64)
SIGNATURE = types.void(WORDS, WORDS, types.int64, types.int64)
KERNEL = ir.FunctionType(ir.VoidType(), [WORD.as_pointer(), WORD.as_pointer(), WORD, WORD])

NOTEBOOK = np.zeros(1, np.int64)
"""The address of the notebook; 0 while there is none."""

llvm.add_symbol("mt_fast_notebook", NOTEBOOK.ctypes.data)


def scalar_type(number: Any) -> Any:
    """Return the type of what a NumPy or Numba number class makes."""
    return number.dtype if isinstance(number, types.NumberClass) else number.instance_type


def _taken(data: Any, at: int, kinds: Any) -> Any:
    """Take from what `mt_fast.examining.start` gives a kernel: the arrays, then the positions."""
    return data[at : at + len(kinds)]


@instruction(_taken)
def storages(_typing: Any, data: Any, at: Any, kinds: Any) -> Any:
    """Return arrays over the addresses in `data` from `at`, one for each kind.

    Their sizes are unknown, but for kernels that check indices: the size of storage k is the word
    before `data`, k words further ahead.
    """
    arrays = [types.Array(scalar_type(kind), 1, "C") for kind in kinds]
    result = types.Tuple(arrays)

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        values = []
        for k, kind in enumerate(arrays):
            place = builder.add(args[1], context.get_constant(types.intp, k))
            array = context.make_array(kind)(context, builder)
            address = builder.load(builder.gep(args[0], [place]))
            pointer = builder.inttoptr(address, array.data.type)
            if CHECKED:
                before = builder.sub(ir.Constant(WORD, -1), place)
                _size(context, builder, array, kind, pointer, builder.gep(args[0], [before]))
            array.data = pointer
            values.append(array._getvalue())  # noqa: SLF001  Numba's name for the value
        return context.make_tuple(builder, result, values)

    return result(data, types.intp, kinds), emit


def _size(  # noqa: PLR0913, PLR0917
    context: Any, builder: Any, array: Any, kind: Any, pointer: Any, place: Any
) -> None:
    """Emit the fields of an array whose size is at a place."""
    size = builder.load(place)
    item = context.get_constant(
        types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype))
    )
    populate_array(array, pointer, (size,), (item,), item, None)


@instruction(_taken)
def positions(_typing: Any, data: Any, at: Any, kinds: Any) -> Any:
    """Return the words of `data` from `at`, one for each kind."""
    result = types.UniTuple(types.intp, len(kinds))

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        places = [builder.add(args[1], ir.Constant(WORD, k)) for k in range(len(kinds))]
        words = [builder.load(builder.gep(args[0], [place])) for place in places]
        return context.make_tuple(builder, result, words)

    return result(data, types.intp, kinds), emit


@intrinsic
def call(_typing: Any, address: Any, data: Any, layout: Any, first: Any, last: Any) -> Any:
    """Call the kernel at an address with arrays of words."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        words = [context.make_array(data)(context, builder, args[k]).data for k in (1, 2)]
        builder.call(builder.inttoptr(args[0], KERNEL.as_pointer()), [*words, *args[3:]])
        return context.get_dummy_value()

    return types.void(types.intp, data, layout, types.intp, types.intp), emit


def note(builder: Any, head: tuple[Any, ...], data: Any, layout: Any) -> None:
    """Emit: if there is a notebook, write a call of all units of a kernel there.

    The notebook begins with the number of its words that are in use. A note is the address of the
    kernel, the number of units, of storages, of words in `data` and in `layout`, and those words.
    """
    place = builder.module.globals.get("mt_fast_notebook")
    if place is None:
        place = ir.GlobalVariable(builder.module, WORD, "mt_fast_notebook")
        place.linkage = "external"
    notebook = builder.load(place)
    with builder.if_then(builder.icmp_signed("!=", notebook, ir.Constant(WORD, 0)), likely=False):
        words = builder.inttoptr(notebook, WORD.as_pointer())
        used = builder.load(words)
        for word in head:
            builder.store(word, builder.gep(words, [used]))
            used = builder.add(used, ir.Constant(WORD, 1))
        for source, size in ((data, head[3]), (layout, head[4])):
            raw_memcpy(builder, builder.gep(words, [used]), source, size, 8)
            used = builder.add(used, size)
        builder.store(used, words)


def run_parallel(address: int, data: Any, layout: Any, units: int, chunk: int) -> None:
    """Share the units among threads, `chunk` at a time."""
    for part in prange(-(-units // chunk)):
        call(address, data, layout, part * chunk, min(part * chunk + chunk, units))


@intrinsic
def call_at(_typing: Any, address: Any, data: Any, layout: Any, first: Any, last: Any) -> Any:
    """Call the kernel at an address; `data` and `layout` are addresses as well."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        words = [builder.inttoptr(args[k], WORD.as_pointer()) for k in (1, 2)]
        builder.call(builder.inttoptr(args[0], KERNEL.as_pointer()), [*words, *args[3:]])
        return context.get_dummy_value()

    return types.void(*[types.intp] * 5), emit


@intrinsic
def start_at(  # noqa: PLR0913, PLR0917  what a note has
    _typing: Any, address: Any, units: Any, storages: Any, size: Any, data: Any, layout: Any
) -> Any:
    """Do the same with all units of `size` words of layout, and take note of it."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        words = [builder.inttoptr(args[k], WORD.as_pointer()) for k in (4, 5)]
        both = builder.add(args[2], args[2])
        note(builder, (*args[:3], both, args[3]), *words)
        function = builder.inttoptr(args[0], KERNEL.as_pointer())
        builder.call(function, [*words, ir.Constant(WORD, 0), args[1]])
        return context.get_dummy_value()

    return types.void(*[types.intp] * 6), emit
