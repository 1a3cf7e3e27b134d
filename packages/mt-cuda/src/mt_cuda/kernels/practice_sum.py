"""Practice: the sum of each block of 32 numbers, in shared memory.

The first kernel in which threads work together. Each thread of a block puts one number where all
of its block can read it. Then half of the threads add the number of the other half to theirs, then
half of those, and so on: five steps instead of thirty-one additions. The numbers that are missing
in the last block count as 0.
"""

from typing import Any

from numba import cuda

from mt_cuda.device import Kernel
from mt_cuda.intrinsics import shared_array
from mt_cuda.kernels.types import SIZE, number, pointer
from mt_tensor.dtypes import DType

THREADS = 32


def block_sum(dtype: DType) -> Kernel:
    """Make `out[b] = a[32 b] + ... + a[32 b + 31]`, for a block `b` of each 32 numbers."""
    scalar, shared = number(dtype), shared_array(THREADS, dtype)

    def kernel(out: Any, a: Any, size: Any) -> None:
        numbers = shared()
        me = cuda.threadIdx.x
        i = cuda.blockIdx.x * THREADS + me
        numbers[me] = a[i] if i < size else scalar(0)
        # Every number is in place before any thread reads that of another.
        cuda.syncthreads()
        half = THREADS // 2
        while half > 0:
            if me < half:
                numbers[me] += numbers[me + half]
            # The sums of this step are the numbers of the next.
            cuda.syncthreads()
            half //= 2
        if me == 0:
            out[cuda.blockIdx.x] = numbers[0]

    return Kernel(
        name="practice sum",
        function=kernel,
        signature=(pointer(dtype), pointer(dtype), SIZE),
        threads=(THREADS, 1, 1),
    )
