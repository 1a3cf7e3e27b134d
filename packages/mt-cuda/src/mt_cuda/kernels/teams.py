"""Threads that fold their totals into one, by exchanging registers.

The threads of a warp run in step, and can read each other's registers: no shared memory, no
barrier. With the mask `m`, lane `i` meets lane `i ^ m`, so after the masks 16, 8, 4, 2 and 1 every
lane has the fold of all. A team of more than a warp needs shared memory once, to bring together one
number of each of its warps.
"""

from typing import Any

from numba import cuda

from mt_cuda.device import BLOCK, WARP, inline, lifted
from mt_cuda.intrinsics import shared_array, shuffle_xor
from mt_cuda.operators import DeviceFunction


def team_fold(function: DeviceFunction, team: int) -> Any:
    """Make a function of a thread's total that returns the fold of its team's, to each member.

    All threads of the block must call it together.

    Args:
        function: an associative and commutative operator of two inputs.
        team: how many threads: a power of two up to a warp, or the whole block.
    """
    if team <= WARP:
        return _lanes_fold(function, team)
    return _block_fold(function)


def _lanes_fold(function: DeviceFunction, lanes: int) -> Any:
    if lanes == 1:
        return inline(lambda total: total)
    fn, shuffle = function.call, shuffle_xor(function.dtype)
    mask, rest = lanes // 2, _lanes_fold(function, lanes // 2)

    @inline
    def fold(total: Any) -> Any:
        return rest(fn(total, shuffle(total, mask)))

    return fold


def _block_fold(function: DeviceFunction) -> Any:
    warps = BLOCK // WARP
    shared = shared_array(warps, function.dtype)
    fold_warp, fold_warps = _lanes_fold(function, WARP), _lanes_fold(function, warps)

    def fold(total: Any) -> Any:
        totals = shared()
        me = cuda.threadIdx.x
        total = fold_warp(total)
        if me % WARP == 0:
            totals[me // WARP] = total
        # The totals of all warps are in place before any warp reads them.
        cuda.syncthreads()
        return fold_warps(totals[me % warps])

    return lifted(fold)
