"""What a kernel needs of the GPU beyond Python, each with a plain twin for the simulator.

Numba's arrays load one number at a time, and its indices may be negative, which costs instructions.
These functions emit the one instruction that is meant. `twin_of` puts a plain function in the
place of each in the simulator.

Positions count elements from a pointer, or from the start of a shared array.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import cuda, types
from numba.cuda.extending import intrinsic

from mt_cuda.device import SIMULATED, WARP, lifted
from mt_cuda.kernels.types import number
from mt_cuda.pointer import Pointer
from mt_tensor.dtypes import DType

LANES = 4
"""Elements of a vector: four float32 are the 16 bytes that a thread can load at once."""

SHARED = 3
"""The number of the address space that a block shares."""

EVERY_THREAD = 0xFFFFFFFF
"""The mask of a warp in which all threads take part."""

Emitter = Callable[..., Any]


def twin_of(plain: Callable[..., Any]) -> Callable[[Emitter], Any]:
    """Replace an intrinsic by a plain function in the simulator."""
    return lambda emitter: plain if SIMULATED else intrinsic(emitter)


def _plain_load4(source: Any, position: Any) -> tuple[Any, ...]:
    source.check_vector(position, LANES)
    return tuple(source[position + lane] for lane in range(LANES))


@twin_of(_plain_load4)
def load4(_typing: Any, source: Any, position: Any) -> Any:
    """Return four neighbours as a tuple; their address must be a multiple of 16 bytes."""
    result = types.UniTuple(source.dtype, LANES)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _vector(context, builder, signature, args)
        vector = builder.load(place, align=_alignment(source.dtype))
        lanes = [builder.extract_element(vector, _lane(i)) for i in range(LANES)]
        return context.make_tuple(builder, result, lanes)

    return result(source, position), emit


def _plain_store4(target: Any, position: Any, values: Any) -> None:
    target.check_vector(position, LANES)
    for lane in range(LANES):
        target[position + lane] = values[lane]


@twin_of(_plain_store4)
def store4(_typing: Any, target: Any, position: Any, _values: Any) -> Any:
    """Set four neighbours; their address must be a multiple of 16 bytes."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _vector(context, builder, signature, args)
        vector = ir.Constant(place.type.pointee, ir.Undefined)
        for i in range(LANES):
            value = builder.extract_value(args[2], i)
            vector = builder.insert_element(vector, value, _lane(i))
        builder.store(vector, place, align=_alignment(target.dtype))
        return context.get_dummy_value()

    return types.void(target, position, types.UniTuple(target.dtype, LANES)), emit


def _plain_multiply_add(x: Any, y: Any, z: Any) -> Any:
    return x * y + z


@twin_of(_plain_multiply_add)
def multiply_add(_typing: Any, x: Any, _y: Any, _z: Any) -> Any:
    """Return `x * y + z`, rounded once."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return x(x, x, x), emit


def shared_array(size: int, dtype: DType) -> Any:
    """Make a function that returns a block's shared array, the same to each of its threads.

    It is aligned for vectors. In the simulator, a fresh one for each block holds nan. (Numba's own
    simulator tells shared arrays apart by source line, takes no alignment, keeps them from block to
    block, and may give two threads different ones when they ask at once.)
    """
    kind, key = number(dtype), next(_counter)

    def simulated() -> Any:
        block = cuda.blockIdx
        held = cuda.shared._allocations  # noqa: SLF001  there is no public way to an atomic update
        fresh = Pointer(np.full(size * dtype.itemsize, 0xFF, np.uint8).view(dtype), 0)
        return held.setdefault((key, block.x, block.y, block.z), fresh)

    @twin_of(lifted(simulated))
    def shared(_typing: Any) -> Any:
        def emit(context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
            element = context.get_data_type(kind)
            name = builder.module.get_unique_name(f"shared_{key}")
            array = ir.GlobalVariable(builder.module, ir.ArrayType(element, size), name, SHARED)
            array.align, array.linkage = 16, "internal"
            array.initializer = ir.Constant(array.value_type, ir.Undefined)
            return builder.addrspacecast(array, element.as_pointer())

        return types.CPointer(kind)(), emit

    return shared


_counter = itertools.count()


def shuffle_xor(dtype: DType) -> Any:
    """Make a function of a value and a mask that returns the value of the lane `lane ^ mask`.

    On a GPU the threads of a warp must call it together. In the simulator all threads of a block
    must: there it goes through shared memory.
    """
    if not SIMULATED:
        return lifted(lambda value, mask: cuda.shfl_xor_sync(EVERY_THREAD, value, mask))
    board = shared_array(1024, dtype)

    def simulated(value: Any, mask: int) -> Any:
        values = board()
        shape = cuda.blockDim
        thread = cuda.threadIdx.x + shape.x * (cuda.threadIdx.y + shape.y * cuda.threadIdx.z)
        values[thread] = value
        # Every value is in place before any is read.
        cuda.syncthreads()
        lane = thread % WARP
        received = values[thread - lane + (lane ^ mask)]
        # All have been read before the next exchange writes over them.
        cuda.syncthreads()
        return received

    return lifted(simulated)


def _vector(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Return the address of an element, as that of a vector."""
    pointer, position = args[:2]
    address = builder.gep(
        pointer, [context.cast(builder, position, signature.args[1], types.int64)]
    )
    vector = ir.VectorType(pointer.type.pointee, LANES)
    return builder.bitcast(address, ir.PointerType(vector, pointer.type.addrspace))


def _alignment(dtype: Any) -> int:
    return int(min(16, LANES * dtype.bitwidth // 8))


def _lane(i: int) -> Any:
    return ir.Constant(ir.IntType(32), i)
