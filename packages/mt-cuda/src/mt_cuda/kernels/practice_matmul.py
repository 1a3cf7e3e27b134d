"""Practice: the product of two square matrices of up to 32 by 32, in one block.

Each thread computes one entry of the product, from a row of `a` and a column of `b` that other
threads need as well. So each first brings one number of either matrix to shared memory, and reads
the rest there: every number is loaded once instead of `size` times.
"""

from typing import Any

from numba import cuda

from mt_cuda.device import SIMULATED, Kernel
from mt_cuda.intrinsics import shared_array
from mt_cuda.kernels.types import SIZE, number, pointer
from mt_tensor.dtypes import DType

SIDE = 8 if SIMULATED else 32
"""The largest size, and the threads along each side of the block: 1024 is the most it can have."""


def block_matmul(dtype: DType) -> Kernel:
    """Make `out = a @ b` for contiguous matrices of `size` by `size`, up to `SIDE`."""
    scalar = number(dtype)
    shared_a, shared_b = (shared_array(SIDE * SIDE, dtype) for _ in range(2))

    def kernel(out: Any, a: Any, b: Any, size: Any) -> None:
        left, right = shared_a(), shared_b()
        i, j = cuda.threadIdx.y, cuda.threadIdx.x
        if i < size and j < size:
            left[i * SIDE + j] = a[i * size + j]
            right[i * SIDE + j] = b[i * size + j]
        # Both matrices are in shared memory before any thread reads what another has put there.
        cuda.syncthreads()
        if i < size and j < size:
            total = scalar(0)
            for k in range(size):
                total += left[i * SIDE + k] * right[k * SIDE + j]
            out[i * size + j] = total

    return Kernel(
        name="practice matmul",
        function=kernel,
        signature=(*[pointer(dtype)] * 3, SIZE),
        threads=(SIDE, SIDE, 1),
    )
