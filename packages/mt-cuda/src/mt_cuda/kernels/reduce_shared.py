"""A reduction of rows, by a tree in shared memory: one block for each row.

Beyond the practice sum: the operator is any, rows are longer than a block, so that each thread
first folds every `BLOCK`-th element of the row by itself; and a block does one row, whatever its
length. The threads of a warp read neighbours, so a load of a warp is one access to memory.
"""

from typing import Any

from numba import cuda

from mt_cuda.device import BLOCK, Kernel
from mt_cuda.intrinsics import shared_array
from mt_cuda.kernels.types import SIZE, number, pointer, store_as
from mt_cuda.operators import DeviceFunction
from mt_tensor.dtypes import DType


def row_fold(function: DeviceFunction, unit: float, dtypes: tuple[DType, DType]) -> Kernel:
    """Make `out[r]` the fold of `a[r, :]`, for contiguous rows.

    Args:
        function: an associative and commutative operator of two inputs.
        unit: what it leaves unchanged.
        dtypes: of the output and the input.
    """
    fn, compute, convert = function.call, number(function.dtype), store_as(dtypes[0])
    shared = shared_array(BLOCK, function.dtype)

    def kernel(out: Any, a: Any, length: Any) -> None:
        totals = shared()
        me, row = cuda.threadIdx.x, cuda.blockIdx.x
        total = compute(unit)
        for i in range(me, length, BLOCK):
            total = fn(total, compute(a[row * length + i]))
        totals[me] = total
        # Every thread's total is in place before any is read.
        cuda.syncthreads()
        half = BLOCK // 2
        while half > 0:
            if me < half:
                totals[me] = fn(totals[me], totals[me + half])
            # Each step reads what the step before has written.
            cuda.syncthreads()
            half //= 2
        if me == 0:
            out[row] = convert(totals[0])

    return Kernel(
        name=f"shared row fold of {function.name}",
        function=kernel,
        signature=(pointer(dtypes[0]), pointer(dtypes[1]), SIZE),
        threads=(BLOCK, 1, 1),
        identity=function.identity,
    )
