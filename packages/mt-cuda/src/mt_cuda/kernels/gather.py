"""Reading and writing at positions that an array names: indexing, and rows of an embedding.

Positions may repeat. A write at the same position by two threads would leave either, a sum of them
by atomics would depend on their order; so the host sorts the positions first, and each thread has
one position and all that goes there, in their order.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, uint32

from mt_cuda.device import BLOCK, Kernel
from mt_cuda.kernels.types import SIZE, number, pointer, store_as
from mt_tensor.dtypes import DType, int64


def gather(out_dtype: DType, dtype: DType) -> Kernel:
    """Make `out[i] = a[positions[i]]`."""
    convert = store_as(out_dtype)

    def kernel(out: Any, a: Any, positions: Any, count: Any) -> None:
        i = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if i < count:
            out[i] = convert(a[positions[i]])

    return _kernel("gather", kernel, (out_dtype, dtype), 1)


def scatter(out_dtype: DType, dtype: DType) -> Kernel:
    """Make `out[positions[i]] = a[sources[i]]`; positions are distinct."""
    convert = store_as(out_dtype)

    def kernel(out: Any, a: Any, positions: Any, sources: Any, count: Any) -> None:
        i = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if i < count:
            out[positions[i]] = convert(a[sources[i]])

    return _kernel("scatter", kernel, (out_dtype, dtype), 2)


def scatter_add(out_dtype: DType, dtype: DType) -> Kernel:
    """Make `out[positions[i]] += a[sources[j]]`, for each `j` of `starts[i]` to `starts[i + 1]`."""
    convert, kind = store_as(out_dtype), number(out_dtype)

    def kernel(out: Any, a: Any, positions: Any, sources: Any, starts: Any, count: Any) -> None:
        i = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if i < count:
            total = kind(out[positions[i]])
            for j in range(starts[i], starts[i + 1]):
                total += kind(a[sources[j]])
            out[positions[i]] = convert(total)

    return _kernel("scatter add", kernel, (out_dtype, dtype), 3)


def _kernel(name: str, function: Any, dtypes: tuple[DType, DType], tables: int) -> Kernel:
    signature = (*map(pointer, dtypes), *[pointer(int64)] * tables, SIZE)
    return Kernel(name, function, signature, (BLOCK, 1, 1))
