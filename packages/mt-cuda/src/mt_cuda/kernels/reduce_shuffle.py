"""A reduction of rows, by exchanging registers: the last steps without shared memory.

Beyond `reduce_shared`: once each thread has its total, a warp needs five exchanges and no barrier,
and the block one barrier in place of eight.
"""

from typing import Any

from numba import cuda

from mt_cuda.device import BLOCK, Kernel
from mt_cuda.kernels.teams import team_fold
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
    fold_block = team_fold(function, BLOCK)

    def kernel(out: Any, a: Any, length: Any) -> None:
        me, row = cuda.threadIdx.x, cuda.blockIdx.x
        total = compute(unit)
        for i in range(me, length, BLOCK):
            total = fn(total, compute(a[row * length + i]))
        total = fold_block(total)
        if me == 0:
            out[row] = convert(total)

    return Kernel(
        name=f"shuffled row fold of {function.name}",
        function=kernel,
        signature=(pointer(dtypes[0]), pointer(dtypes[1]), SIZE),
        threads=(BLOCK, 1, 1),
        identity=function.identity,
    )
