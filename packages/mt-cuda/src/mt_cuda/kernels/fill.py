"""One value everywhere: what costs the host no array and no copy."""

from typing import Any

from numba import cuda, float64, uint32

from mt_cuda.device import BLOCK, REPEATS, Kernel
from mt_cuda.kernels.types import SIZE, pointer, store_as
from mt_tensor.dtypes import DType

PER_THREAD = 4 * REPEATS


def fill(dtype: DType) -> Kernel:
    """Make `out[i] = value`, for a contiguous output; the value is exact as a float64."""
    convert = store_as(dtype)

    def kernel(out: Any, value: Any, size: Any) -> None:
        for repeat in range(PER_THREAD):
            block = cuda.blockIdx.x * PER_THREAD + repeat
            i = uint32(block * BLOCK + cuda.threadIdx.x)
            if i < size:
                out[i] = convert(value)

    return Kernel(
        name="fill",
        function=kernel,
        signature=(pointer(dtype), float64, SIZE),
        threads=(BLOCK, 1, 1),
    )
