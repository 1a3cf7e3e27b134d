r"""The matrix product, the plain way: each thread computes one $c_{ij} = \sum_k a_{ik} b_{kj}$.

Every thread reads a row of `a` and a column of `b` from memory by itself: $2K$ loads for $2K$
floating-point operations.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, uint32

from mt_cuda.device import SIMULATED, Kernel
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, tuple_of
from mt_tensor.dtypes import DType

SIDE = 4 if SIMULATED else 16
"""Threads of a block along each side of its square of outputs."""


def naive(dtype: DType, ndim: int) -> Kernel:
    """Make the product of matrices of any layout, over `ndim` batch dimensions."""
    unravel, locate = unraveler(ndim), locator(ndim)
    scalar = number(dtype)

    def kernel(
        out: Any,
        a: Any,
        b: Any,
        shape: Any,
        strides: Any,
        batch_strides: Any,
        batch: Any,
        multipliers: Any,
        shifts: Any,
    ) -> None:
        rows, columns, inner = shape
        j = cuda.blockIdx.x * SIDE + cuda.threadIdx.x
        i = cuda.blockIdx.y * SIDE + cuda.threadIdx.y
        if i < rows and j < columns:
            index = unravel(uint32(cuda.blockIdx.z), batch, multipliers, shifts)
            left = locate(index, batch_strides[1]) + i * strides[1][0]
            right = locate(index, batch_strides[2]) + j * strides[2][1]
            total = scalar(0)
            for k in range(inner):
                total += a[left + k * strides[1][1]] * b[right + k * strides[2][0]]
            out[locate(index, batch_strides[0]) + i * strides[0][0] + j * strides[0][1]] = total

    return Kernel(
        name="matmul naive",
        function=kernel,
        signature=(
            *[pointer(dtype)] * 3,
            tuple_of(*[SIZE] * 3),
            tuple_of(*[tuple_of(POSITION, POSITION)] * 3),
            tuple_of(*[tuple_of(*[POSITION] * ndim)] * 3),
            *[tuple_of(*[SIZE] * ndim)] * 3,
        ),
        threads=(SIDE, SIDE, 1),
    )
