"""`map` and `zip` over any layouts: each thread finds the positions of its elements.

Each thread computes `PER_THREAD` elements, a block apart, so that the threads of a warp always
touch neighbours and several loads are on the way at once.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, uint32

from mt_cuda.device import BLOCK, REPEATS, Kernel
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.operands import reader
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, store_as, tuple_of
from mt_cuda.operators import DeviceFunction
from mt_tensor.dtypes import DType

PER_THREAD = 4 * REPEATS


def strided(function: DeviceFunction, dtypes: tuple[DType, ...], ndim: int) -> Kernel:
    """Make `out[i] = function(a[i], ...)` for layouts of `ndim` dimensions.

    Args:
        function: what to apply.
        dtypes: of the output, and of each operand.
        ndim: how many dimensions the layouts have.
    """
    fn = function.call
    unravel, locate = unraveler(ndim), locator(ndim)
    read = reader(len(dtypes) - 1, locate, number(function.dtype))
    convert = store_as(dtypes[0])

    def kernel(
        out: Any,
        operands: Any,
        out_strides: Any,
        strides: Any,
        sizes: Any,
        multipliers: Any,
        shifts: Any,
        count: Any,
    ) -> None:
        first = uint32(cuda.blockIdx.x * (BLOCK * PER_THREAD) + cuda.threadIdx.x)
        for step in range(PER_THREAD):
            ordinal = uint32(first + step * BLOCK)
            if ordinal < count:
                index = unravel(ordinal, sizes, multipliers, shifts)
                value = fn(*read(operands, strides, index))
                out[locate(index, out_strides)] = convert(value)

    operands = len(dtypes) - 1
    return Kernel(
        name=f"strided {function.name}",
        function=kernel,
        signature=(
            pointer(dtypes[0]),
            tuple_of(*map(pointer, dtypes[1:])),
            tuple_of(*[POSITION] * ndim),
            tuple_of(*[tuple_of(*[POSITION] * ndim)] * operands),
            *[tuple_of(*[SIZE] * ndim)] * 3,
            SIZE,
        ),
        threads=(BLOCK, 1, 1),
        identity=function.identity,
    )
