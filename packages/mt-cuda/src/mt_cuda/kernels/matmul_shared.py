"""The matrix product in square tiles that a block brings to shared memory.

Beyond `matmul_naive`: the `SIDE`-squared threads of a block need only `SIDE` rows of `a` and `SIDE`
columns of `b` between them. They walk along these together, a tile at a time: each thread brings
one entry of either tile, then all read all. Every entry is loaded `SIDE` times less often.

Entries beyond an edge count as 0, so that no thread leaves early: all must meet at the barriers.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda

from mt_cuda.device import Kernel
from mt_cuda.intrinsics import shared_array
from mt_cuda.kernels.matmul_naive import SIDE
from mt_cuda.kernels.matrices import LEFT, OUT, RIGHT, signature, starter
from mt_cuda.kernels.types import number
from mt_tensor.dtypes import DType


def tiled(dtype: DType, ndim: int) -> Kernel:
    """Make the product of matrices of any layout, over `ndim` batch dimensions."""
    start, scalar = starter(ndim), number(dtype)
    shared_left, shared_right = (shared_array(SIDE * SIDE, dtype) for _ in range(2))

    def kernel(
        out: Any,
        a: Any,
        b: Any,
        shape: Any,
        strides: Any,
        batch_strides: Any,
        batch: Any,
        first: Any,
    ) -> None:
        rows, columns, depth = shape
        matrix = first + cuda.blockIdx.z
        tile_left, tile_right = shared_left(), shared_right()
        x, y = cuda.threadIdx.x, cuda.threadIdx.y
        j = cuda.blockIdx.x * SIDE + x
        i = cuda.blockIdx.y * SIDE + y
        left = start(matrix, batch_strides[LEFT], batch) + i * strides[LEFT][0]
        right = start(matrix, batch_strides[RIGHT], batch) + j * strides[RIGHT][1]
        total = scalar(0)
        for k in range(0, depth, SIDE):
            inside = i < rows and k + x < depth
            tile_left[y * SIDE + x] = a[left + (k + x) * strides[LEFT][1]] if inside else scalar(0)
            inside = k + y < depth and j < columns
            tile_right[y * SIDE + x] = (
                b[right + (k + y) * strides[RIGHT][0]] if inside else scalar(0)
            )
            # Both tiles are complete before any thread reads them.
            cuda.syncthreads()
            for t in range(SIDE):
                total += tile_left[y * SIDE + t] * tile_right[t * SIDE + x]
            # All have read them before any thread brings the next.
            cuda.syncthreads()
        if i < rows and j < columns:
            to = start(matrix, batch_strides[OUT], batch)
            out[to + i * strides[OUT][0] + j * strides[OUT][1]] = total

    return Kernel("shared matmul", kernel, signature(dtype, ndim), (SIDE, SIDE, 1))
