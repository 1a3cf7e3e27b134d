"""A map, the plain way: each thread computes one element of one contiguous array.

Threads are numbered through the grid, and the last block has more of them than there are elements
left, so each thread first asks whether it has one. Neighbouring threads touch neighbouring
elements: the 32 loads of a warp become one access to memory.
"""

from typing import Any

from numba import cuda

from mt_cuda.device import BLOCK, Kernel
from mt_cuda.kernels.types import SIZE, number, pointer, store_as
from mt_cuda.operators import DeviceFunction
from mt_tensor.dtypes import DType


def naive(function: DeviceFunction, dtypes: tuple[DType, DType]) -> Kernel:
    """Make `out[i] = function(a[i])` over contiguous arrays.

    Args:
        function: what to apply.
        dtypes: of the output and the operand.
    """
    fn, compute, convert = function.call, number(function.dtype), store_as(dtypes[0])

    def kernel(out: Any, a: Any, size: Any) -> None:
        i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
        if i < size:
            out[i] = convert(fn(compute(a[i])))

    return Kernel(
        name=f"naive map of {function.name}",
        function=kernel,
        signature=(pointer(dtypes[0]), pointer(dtypes[1]), SIZE),
        threads=(BLOCK, 1, 1),
        identity=function.identity,
    )
