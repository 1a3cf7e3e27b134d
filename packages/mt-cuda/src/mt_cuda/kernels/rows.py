"""Reading and writing by numbers that are data on the device: rows of a table, an element of each.

Nothing crosses to the host, so that a step with an embedding can be replayed. Two rows of a
gradient may go to one row of the table: the thread of the first of them adds up all of them, in
their order, so that the sum has the same bits each time.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, int64, uint32

from mt_cuda.device import BLOCK, Kernel
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, store_as, tuple_of
from mt_tensor.dtypes import DType
from mt_tensor.dtypes import int64 as int64_dtype

TARGET, SOURCE = range(2)
"""Which of the two tensors, in each group of strides."""


def take_rows(out_dtype: DType, dtype: DType) -> Kernel:
    """Make `out[i, d] = a[index[i], d]`."""
    unravel, locate, convert = unraveler(2), locator(2), store_as(out_dtype)

    def kernel(
        out: Any, a: Any, index: Any, strides: Any, step: Any, sizes: Any, count: Any
    ) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            i, d = unravel(ordinal, *sizes)
            row = index[int64(i) * step]
            out[locate((i, d), strides[TARGET])] = convert(a[locate((row, d), strides[SOURCE])])

    return _kernel("take rows", kernel, (out_dtype, dtype))


def add_rows(out_dtype: DType, dtype: DType) -> Kernel:
    """Make `out[index[i], d] += a[i, d]`, in the order of `i`."""
    unravel, locate = unraveler(2), locator(2)
    convert, kind = store_as(out_dtype), number(out_dtype)

    def kernel(
        out: Any, a: Any, index: Any, strides: Any, step: Any, sizes: Any, count: Any
    ) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            i, d = unravel(ordinal, *sizes)
            row = index[int64(i) * step]
            first = True
            for j in range(i):
                if index[j * step] == row:
                    first = False
                    break
            if first:
                to = locate((row, d), strides[TARGET])
                total = kind(out[to])
                for j in range(i, sizes[0][0]):
                    if index[j * step] == row:
                        total += kind(a[locate((j, d), strides[SOURCE])])
                out[to] = convert(total)

    return _kernel("add rows", kernel, (out_dtype, dtype))


def pick(out_dtype: DType, dtype: DType) -> Kernel:
    """Make `out[i] = a[i, index[i]]`; the second stride of `out` is not used."""
    locate, convert = locator(2), store_as(out_dtype)

    def kernel(
        out: Any, a: Any, index: Any, strides: Any, step: Any, _sizes: Any, count: Any
    ) -> None:
        i = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if i < count:
            column = index[int64(i) * step]
            to = int64(i) * strides[TARGET][0]
            out[to] = convert(a[locate((i, column), strides[SOURCE])])

    return _kernel("pick", kernel, (out_dtype, dtype))


def pick_by_input(out_dtype: DType, dtype: DType) -> Kernel:
    """Make `out[i, c]` `grad[i]` where `c` is `index[i]`, else 0."""
    unravel, locate, convert = unraveler(2), locator(2), store_as(out_dtype)
    zero = number(dtype)(0)

    def kernel(
        out: Any, grad: Any, index: Any, strides: Any, step: Any, sizes: Any, count: Any
    ) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            i, c = unravel(ordinal, *sizes)
            chosen = index[int64(i) * step] == int64(c)
            value = grad[int64(i) * strides[SOURCE][0]] if chosen else zero
            out[locate((i, c), strides[TARGET])] = convert(value)

    return _kernel("pick back", kernel, (out_dtype, dtype))


def _kernel(name: str, function: Any, dtypes: tuple[DType, DType]) -> Kernel:
    signature = (
        *map(pointer, (*dtypes, int64_dtype)),
        tuple_of(*[tuple_of(POSITION, POSITION)] * 2),
        POSITION,
        tuple_of(*[tuple_of(SIZE, SIZE)] * 3),
        SIZE,
    )
    return Kernel(name, function, signature, (BLOCK, 1, 1))
