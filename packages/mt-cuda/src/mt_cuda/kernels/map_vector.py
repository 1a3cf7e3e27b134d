"""`map` and `zip`, four elements at a time.

A thread can load 16 bytes with one instruction. A quarter of the loads, and a quarter of the index
arithmetic, is what it takes to be limited by memory alone. That needs neighbours: the innermost
dimension of the output is dense, every operand is dense in it or constant along it, and rows begin
at multiples of four elements. All other layouts go to `map_strided`.

The ordinal of a vector takes the place of the ordinal of an element, so all strides are those of
vectors. Where all is one dimension, its size need not be a multiple of four: the last thread then
has fewer elements, and takes them one by one.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, int64, uint32

from mt_cuda.device import BLOCK, REPEATS, Kernel, inline
from mt_cuda.intrinsics import LANES, store4
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.operands import picker, reader, vector_reader
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, store_as, tuple_of
from mt_cuda.operators import DeviceFunction
from mt_tensor.dtypes import DType


def vectorised(
    function: DeviceFunction, dtypes: tuple[DType, ...], dense: tuple[bool, ...], ndim: int
) -> Kernel:
    """Make `out[i] = function(a[i], ...)` for rows of vectors.

    Args:
        function: what to apply.
        dtypes: of the output, and of each operand.
        dense: for each operand, whether its inner stride is 1; if not, it is 0.
        ndim: how many dimensions the layouts have.
    """
    fn, convert = function.call, store_as(dtypes[0])
    unravel, locate, compute = unraveler(ndim), locator(ndim), number(function.dtype)
    read4 = vector_reader(dense, locate, compute)
    read = reader(len(dense), inline(lambda i, step: int64(i) * step), compute)
    pick0, pick1, pick2, pick3 = (picker(len(dense), lane) for lane in range(LANES))

    def kernel(
        out: Any,
        operands: Any,
        out_strides: Any,
        strides: Any,
        sizes: Any,
        multipliers: Any,
        shifts: Any,
        count: Any,
        steps: Any,
    ) -> None:
        for repeat in range(REPEATS):
            block = cuda.blockIdx.x * REPEATS + repeat
            ordinal = uint32(block * BLOCK + cuda.threadIdx.x)
            first = uint32(ordinal * LANES)
            if first + LANES <= count:
                index = unravel(ordinal, sizes, multipliers, shifts)
                v = read4(operands, strides, index)
                a, b, c, d = fn(*pick0(v)), fn(*pick1(v)), fn(*pick2(v)), fn(*pick3(v))
                converted = (convert(a), convert(b), convert(c), convert(d))
                store4(out, locate(index, out_strides), converted)
            else:
                for lane in range(LANES):
                    i = uint32(first + lane)
                    if i < count:
                        out[i] = convert(fn(*read(operands, steps, i)))

    operands = len(dense)
    return Kernel(
        name=f"vector map of {function.name}",
        function=kernel,
        signature=(
            pointer(dtypes[0]),
            tuple_of(*map(pointer, dtypes[1:])),
            tuple_of(*[POSITION] * ndim),
            tuple_of(*[tuple_of(*[POSITION] * ndim)] * operands),
            *[tuple_of(*[SIZE] * ndim)] * 3,
            SIZE,
            tuple_of(*[POSITION] * operands),
        ),
        threads=(BLOCK, 1, 1),
        identity=function.identity and f"{function.identity} {dense}",
    )
