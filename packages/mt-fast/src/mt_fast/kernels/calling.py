"""How kernels are called: every kernel is a C function of the same four arguments.

    kernel(data, layout, first, last)

- `data`: for each storage, output first, its address; then for each the position of the first
  element.
- `layout`: sizes and strides, as the kernel documents.
- `first`, `last`: which units of work to do. Units are independent, so threads can share them.

All are 64-bit integers. One small function for each combination of dtypes takes arrays from
Python and makes the call; one more, the same for all kernels, shares the units among threads. A
kernel is compiled once for both.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from typing import Any

from llvmlite import ir
from numba import prange
from numba.core import types
from numba.core.cgutils import alloca_once
from numba.extending import intrinsic

WORD = ir.IntType(64)
WORDS = types.CPointer(types.int64)
SIGNATURE = types.void(WORDS, WORDS, types.int64, types.int64)
KERNEL = ir.FunctionType(ir.VoidType(), [WORD.as_pointer(), WORD.as_pointer(), WORD, WORD])


def scalar_type(number: Any) -> Any:
    """Return the type of what a NumPy or Numba number class makes."""
    return number.dtype if isinstance(number, types.NumberClass) else number.instance_type


@intrinsic
def storages(_typing: Any, data: Any, at: Any, kinds: Any) -> Any:
    """Return arrays of unknown size over the addresses in `data` from `at`, one for each kind."""
    arrays = [types.Array(scalar_type(kind), 1, "C") for kind in kinds]
    result = types.Tuple(arrays)

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        values = []
        for k, kind in enumerate(arrays):
            place = builder.add(args[1], context.get_constant(types.intp, k))
            array = context.make_array(kind)(context, builder)
            address = builder.load(builder.gep(args[0], [place]))
            array.data = builder.inttoptr(address, array.data.type)
            values.append(array._getvalue())  # noqa: SLF001  Numba's name for the value
        return context.make_tuple(builder, result, values)

    return result(data, types.intp, kinds), emit


@intrinsic
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


@intrinsic
def call_with(_typing: Any, address: Any, arrays: Any, start: Any, layout: Any, last: Any) -> Any:
    """Call the kernel at an address for the units from 0 up to `last`, on these arrays."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        data = alloca_once(builder, WORD, size=len(arrays) + len(start))
        for k, kind in enumerate(arrays):
            array = context.make_array(kind)(context, builder, builder.extract_value(args[1], k))
            address = builder.ptrtoint(array.data, WORD)
            builder.store(address, builder.gep(data, [ir.Constant(WORD, k)]))
        for k in range(len(start)):
            place = builder.gep(data, [ir.Constant(WORD, len(arrays) + k)])
            builder.store(builder.extract_value(args[2], k), place)
        words = context.make_array(layout)(context, builder, args[3]).data
        kernel = builder.inttoptr(args[0], KERNEL.as_pointer())
        builder.call(kernel, [data, words, ir.Constant(WORD, 0), args[4]])
        return context.get_dummy_value()

    return types.void(types.intp, arrays, start, layout, types.intp), emit


def run(address: int, arrays: Any, start: Any, layout: Any, units: int) -> None:
    """Do all units on this thread."""
    call_with(address, arrays, start, layout, units)


def run_parallel(address: int, data: Any, layout: Any, units: int, chunk: int) -> None:
    """Share the units among threads, `chunk` at a time."""
    for part in prange(-(-units // chunk)):
        call(address, data, layout, part * chunk, min(part * chunk + chunk, units))
