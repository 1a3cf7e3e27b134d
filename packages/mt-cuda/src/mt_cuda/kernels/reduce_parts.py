"""A reduction along any dimensions of any layout, in parts that a second launch folds.

Two more questions than `reduce_shuffle` answers:

- *How many threads for an output?* A team of one, of a warp or of a block. Long rows want a block;
  where the dimension that stays is the dense one, one thread for each output makes neighbouring
  threads read neighbours.
- *What if there are few outputs?* The sum of a whole tensor would keep one block busy and 131
  multiprocessors idle. So an output's elements are cut in parts, the second dimension of the grid,
  each part gives a partial result, and the same kernel then folds those. No atomics: the order
  never changes, so neither do the bits.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, uint32

from mt_cuda.device import BLOCK, Kernel
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.teams import team_fold
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, store_as, tuple_of
from mt_cuda.operators import DeviceFunction
from mt_tensor.dtypes import DType


def part_fold(
    function: DeviceFunction,
    unit: float,
    dtypes: tuple[DType, DType],
    dims: tuple[int, int],
    team: int,
) -> Kernel:
    """Make the fold of the elements that belong to each output, in parts of `chunk`.

    Part `p` of an output goes `p * part_stride` behind its first.

    Args:
        function: an associative and commutative operator of two inputs.
        unit: what it leaves unchanged.
        dtypes: of the output and the input.
        dims: how many dimensions stay, and how many are folded.
        team: how many threads share an output: a power of two up to a warp, or a block.
    """
    fn, compute, convert = function.call, number(function.dtype), store_as(dtypes[0])
    unravel, locate = unraveler(dims[0]), locator(dims[0])
    unravel_folded, locate_folded = unraveler(dims[1]), locator(dims[1])
    fold_team = team_fold(function, team)
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
        folded_strides: Any,
        folded_sizes: Any,
        folded_multipliers: Any,
        folded_shifts: Any,
        folded_count: Any,
        chunk: Any,
        part_stride: Any,
    ) -> None:
        member, part = cuda.threadIdx.x % team, cuda.blockIdx.y
        ordinal = uint32(cuda.blockIdx.x * teams + cuda.threadIdx.x // team)
        index = unravel(ordinal, sizes, multipliers, shifts)
        total = compute(unit)
        if ordinal < count:
            start = locate(index, strides)
            end = min((part + 1) * chunk, folded_count)
            for i in range(part * chunk + member, end, team):
                at = unravel_folded(uint32(i), folded_sizes, folded_multipliers, folded_shifts)
                total = fn(total, compute(a[start + locate_folded(at, folded_strides)]))
        # Teams without an output take part too: their block folds together.
        total = fold_team(total)
        if member == 0 and ordinal < count:
            out[part * part_stride + locate(index, out_strides)] = convert(total)

    def layout(ndim: int, operands: int) -> tuple[Any, ...]:
        positions, numbers = tuple_of(*[POSITION] * ndim), tuple_of(*[SIZE] * ndim)
        return (*[positions] * operands, *[numbers] * 3, SIZE)

    return Kernel(
        name=f"fold of {function.name} by teams of {team}",
        function=kernel,
        signature=(
            *map(pointer, dtypes),
            *layout(dims[0], 2),
            *layout(dims[1], 1),
            SIZE,
            POSITION,
        ),
        threads=(BLOCK, 1, 1),
        identity=function.identity,
    )
