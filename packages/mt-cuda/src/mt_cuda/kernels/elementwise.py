"""`map` and `zip` over any layouts: each thread finds the positions of its elements.

Each thread computes `PER_THREAD` elements, a block apart, so that the threads of a warp always
touch neighbours and several loads are on the way at once.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, uint32

from mt_cuda.device import BLOCK, Kernel, inline
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, store_as, tuple_of
from mt_tensor.dtypes import DType

PER_THREAD = 4


def strided(fn: Any, name: str, dtypes: tuple[DType, ...], ndim: int, compute: DType) -> Kernel:
    """Make `out[i] = fn(a[i], ...)` for layouts of `ndim` dimensions.

    Args:
        fn: the float function, compiled for the device.
        name: of the function.
        dtypes: of the output, and of each operand.
        ndim: how many dimensions the layouts have.
        compute: what the function computes in.
    """
    unravel, locate = unraveler(ndim), locator(ndim)
    read = reader(len(dtypes) - 1, locate, number(compute))
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
        name=f"strided {name}",
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
    )


def reader(arity: int, locate: Any, convert: Any) -> Any:
    """Make a function that reads one element of each operand, in the type to compute in."""
    if arity == 1:
        return inline(
            lambda operands, strides, index: (convert(operands[0][locate(index, strides[0])]),)
        )
    rest = reader(arity - 1, locate, convert)

    @inline
    def read(operands: Any, strides: Any, index: Any) -> Any:
        first = convert(operands[0][locate(index, strides[0])])
        return (first, *rest(operands[1:], strides[1:], index))

    return read
