"""A reduction of dense rows, four elements at a time: what most of the work goes to.

Beyond `reduce_parts`, for the case that the folded dimensions are one dense run: a thread loads 16
bytes with one instruction, has four totals that do not wait for each other, and no division for an
index. Rows begin at multiples of four elements, and so do parts; the last elements of a row, fewer
than four, are folded one by one.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, uint32

from mt_cuda.device import BLOCK, Kernel
from mt_cuda.intrinsics import LANES, load4
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.teams import team_fold
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, store_as, tuple_of
from mt_cuda.operators import DeviceFunction
from mt_tensor.dtypes import DType


def dense_fold(
    function: DeviceFunction, unit: float, dtypes: tuple[DType, DType], ndim: int, team: int
) -> Kernel:
    """Make the fold of `length` neighbours for each output, in parts of `chunk`.

    Part `p` of an output goes `p * part_stride` behind its first.

    Args:
        function: an associative and commutative operator of two inputs.
        unit: what it leaves unchanged.
        dtypes: of the output and the input.
        ndim: how many dimensions stay.
        team: how many threads share an output: a power of two up to a warp, or a block.
    """
    fn, compute, convert = function.call, number(function.dtype), store_as(dtypes[0])
    unravel, locate, fold_team = unraveler(ndim), locator(ndim), team_fold(function, team)
    teams = BLOCK // team

    def kernel(
        out: Any,
        a: Any,
        out_strides: Any,
        strides: Any,
        sizes: Any,
        multipliers: Any,
        shifts: Any,
        count: Any,
        length: Any,
        chunk: Any,
        part_stride: Any,
    ) -> None:
        member, part = cuda.threadIdx.x % team, cuda.blockIdx.y
        ordinal = uint32(cuda.blockIdx.x * teams + cuda.threadIdx.x // team)
        index = unravel(ordinal, sizes, multipliers, shifts)
        t0 = t1 = t2 = t3 = compute(unit)
        if ordinal < count:
            start = locate(index, strides)
            end = min((part + 1) * chunk, length)
            vectors = end // LANES * LANES
            for i in range(part * chunk + member * LANES, vectors, team * LANES):
                a0, a1, a2, a3 = load4(a, start + i)
                t0, t1 = fn(t0, compute(a0)), fn(t1, compute(a1))
                t2, t3 = fn(t2, compute(a2)), fn(t3, compute(a3))
            for i in range(vectors + member, end, team):
                t0 = fn(t0, compute(a[start + i]))
        # Teams without an output take part too: their block folds together.
        total = fold_team(fn(fn(t0, t1), fn(t2, t3)))
        if member == 0 and ordinal < count:
            out[part * part_stride + locate(index, out_strides)] = convert(total)

    return Kernel(
        name=f"dense fold of {function.name} by teams of {team}",
        function=kernel,
        signature=(
            *map(pointer, dtypes),
            *[tuple_of(*[POSITION] * ndim)] * 2,
            *[tuple_of(*[SIZE] * ndim)] * 3,
            SIZE,
            SIZE,
            SIZE,
            POSITION,
        ),
        threads=(BLOCK, 1, 1),
        identity=function.identity,
    )
