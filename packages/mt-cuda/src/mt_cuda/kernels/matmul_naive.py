r"""The matrix product, the plain way: each thread computes one $c_{ij} = \sum_k a_{ik} b_{kj}$.

Every thread reads a row of `a` and a column of `b` from memory by itself: $2K$ loads for $2K$
floating-point operations, where a GPU has time for some twenty operations per number loaded.
Neighbouring threads compute neighbouring columns: they read the same entry of `a`, and neighbours
of `b`.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda

from mt_cuda.device import SIMULATED, Kernel
from mt_cuda.kernels.matrices import LEFT, OUT, RIGHT, signature, starter
from mt_cuda.kernels.types import number
from mt_tensor.dtypes import DType

SIDE = 4 if SIMULATED else 16
"""Threads of a block along each side of its square of outputs."""


def naive(dtype: DType, ndim: int) -> Kernel:
    """Make the product of matrices of any layout, over `ndim` batch dimensions."""
    start, scalar = starter(ndim), number(dtype)

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
        j = cuda.blockIdx.x * SIDE + cuda.threadIdx.x
        i = cuda.blockIdx.y * SIDE + cuda.threadIdx.y
        if i < rows and j < columns:
            matrix = first + cuda.blockIdx.z
            to = start(matrix, batch_strides[OUT], batch)
            left = start(matrix, batch_strides[LEFT], batch) + i * strides[LEFT][0]
            right = start(matrix, batch_strides[RIGHT], batch) + j * strides[RIGHT][1]
            total = scalar(0)
            for k in range(depth):
                total += a[left + k * strides[LEFT][1]] * b[right + k * strides[RIGHT][0]]
            out[to + i * strides[OUT][0] + j * strides[OUT][1]] = total

    return Kernel("naive matmul", kernel, signature(dtype, ndim), (SIDE, SIDE, 1))
