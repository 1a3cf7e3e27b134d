"""What a loop needs of LLVM: reads and writes at a position, without Python's index rules.

Numba's own `a[i]` wraps negative indices, which keeps LLVM from vectorising a loop whose index is
an expression. These instructions compute an address and nothing else.

Each definition stands after its meaning.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

import ctypes
from typing import Any

import numpy as np
from numba.core import types
from numba.core.cgutils import do_boundscheck
from numba.np.arrayobj import load_item, store_item

from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import INT, prefetch


def _got(array: Any, position: Any) -> Any:
    # Not an element counted from the end: a negative position is as wrong as one too large.
    return array[np.uint64(position)]


def _set(array: Any, position: Any, value: Any) -> None:
    array[np.uint64(position)] = value


def _loaded(address: Any) -> int:
    return ctypes.c_int64.from_address(int(address)).value


def _stored(address: Any, value: Any) -> None:
    ctypes.c_int64.from_address(int(address)).value = value


def _advanced(places: Any, layout: Any, at: Any, i: Any) -> Any:
    return tuple(place + i * layout[at + k] for k, place in enumerate(places))


@instruction(_got)
def get(_typing: Any, array: Any, position: Any) -> Any:
    """Return `array[position]`."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _read(context, builder, array, *args)

    return array.dtype(array, types.intp), emit


@instruction(_set)
def put(_typing: Any, array: Any, position: Any, value: Any) -> Any:
    """Set `array[position] = value`, converted to the array's dtype."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = place_of(context, builder, array, *args[:2])
        converted = context.cast(builder, args[2], value, array.dtype)
        store_item(context, builder, array, converted, place)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), emit


@instruction(lambda _array, _position: None)
def fetch(_typing: Any, array: Any, position: Any) -> Any:
    """Ask for the line of the cache that holds `array[position]`, which need not exist."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        data = context.make_array(array)(context, builder, args[0]).data
        prefetch(builder, builder.gep(data, [args[1]]))
        return context.get_dummy_value()

    return types.void(array, types.intp), emit


@instruction(_loaded)
def word_at(_typing: Any, address: Any) -> Any:
    """Return the word at an address."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.load(builder.inttoptr(args[0], INT.as_pointer()))

    return types.intp(address), emit


@instruction(_stored)
def put_word(_typing: Any, address: Any, value: Any) -> Any:
    """Set the word at an address."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        builder.store(args[1], builder.inttoptr(args[0], INT.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), emit


@instruction(_advanced)
def advance(_typing: Any, places: Any, layout: Any, at: Any, i: Any) -> Any:
    """Return the positions after `i` steps: `places[k] + i * layout[at + k]`."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        moved = []
        for k in range(len(places)):
            place = builder.add(args[2], context.get_constant(types.intp, k))
            step = builder.mul(args[3], builder.load(builder.gep(args[1], [place])))
            moved.append(builder.add(builder.extract_value(args[0], k), step))
        return context.make_tuple(builder, places, moved)

    return places(places, layout, types.intp, types.intp), emit


def _read(context: Any, builder: Any, array: Any, value: Any, position: Any) -> Any:
    place = place_of(context, builder, array, value, position)
    return load_item(context, builder, array, place)


def place_of(context: Any, builder: Any, array: Any, value: Any, position: Any) -> Any:
    """Emit the address of an element, and a check of its position where that is asked for."""
    storage = context.make_array(array)(context, builder, value)
    if context.enable_boundscheck:
        do_boundscheck(context, builder, position, storage.nitems)
    return builder.gep(storage.data, [position])
