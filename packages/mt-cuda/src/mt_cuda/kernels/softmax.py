r"""The logarithm of a softmax along one dimension, and its gradient: each in one launch.

$y_i = x_i - m - \ln \sum_j e^{x_j - m}$ with $m = \max_j x_j$, and
$\bar x_i = \bar y_i - e^{y_i} \sum_j \bar y_j$.

A team of threads has a row: one thread, a warp or a block. What takes five passes over memory by
`map` and `reduce` reads the row three times, and all but the first come from the cache.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

import math
from typing import Any

from numba import cuda, uint32

from mt_cuda.device import BLOCK, Kernel
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.teams import team_fold
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, tuple_of
from mt_cuda.operators import prepare
from mt_operators import add, maximum
from mt_tensor.dtypes import DType


def log_softmax(dtype: DType, ndim: int, team: int) -> Kernel:
    """Make the logarithm of a softmax; rows are spread over `ndim` dimensions.

    Args:
        dtype: of both arrays, a float.
        ndim: how many dimensions stay.
        team: how many threads have a row: a power of two up to a warp, or a block.
    """
    unravel, locate, kind = unraveler(ndim), locator(ndim), number(dtype)
    larger, sums = prepare(maximum, dtype), prepare(add, dtype)
    highest, total_of, choose = team_fold(larger, team), team_fold(sums, team), larger.call
    exp, log = prepare(_exp, dtype).call, prepare(_log, dtype).call
    rows = BLOCK // team

    def kernel(
        out: Any, x: Any, strides: Any, steps: Any, sizes: Any, count: Any, length: Any
    ) -> None:
        member = cuda.threadIdx.x % team
        row = uint32(cuda.blockIdx.x * rows + cuda.threadIdx.x // team)
        # A team beyond the last row has nothing to read, but takes part: its block folds together.
        mine = length if row < count else uint32(0)
        index = unravel(row, *sizes)
        to, start = locate(index, strides[0]), locate(index, strides[1])
        top = kind(-math.inf)
        for i in range(member, mine, team):
            top = choose(top, x[start + i * steps[1]])
        top = highest(top)
        total = kind(0)
        for i in range(member, mine, team):
            total += exp(x[start + i * steps[1]] - top)
        shift = log(total_of(total))
        for i in range(member, mine, team):
            out[to + i * steps[0]] = x[start + i * steps[1]] - top - shift

    return _kernel(f"log softmax by teams of {team}", kernel, dtype, ndim, 2)


def log_softmax_by_input(dtype: DType, ndim: int, team: int) -> Kernel:
    """Make the gradient by the input, from that of the result and the result. Arguments alike."""
    unravel, locate, kind = unraveler(ndim), locator(ndim), number(dtype)
    total_of, exp = team_fold(prepare(add, dtype), team), prepare(_exp, dtype).call
    rows = BLOCK // team

    def kernel(
        out: Any,
        grad: Any,
        y: Any,
        strides: Any,
        steps: Any,
        sizes: Any,
        count: Any,
        length: Any,
    ) -> None:
        member = cuda.threadIdx.x % team
        row = uint32(cuda.blockIdx.x * rows + cuda.threadIdx.x // team)
        mine = length if row < count else uint32(0)
        index = unravel(row, *sizes)
        to, start = locate(index, strides[0]), locate(index, strides[1])
        result, total = locate(index, strides[2]), kind(0)
        for i in range(member, mine, team):
            total += grad[start + i * steps[1]]
        total = total_of(total)
        for i in range(member, mine, team):
            share = exp(y[result + i * steps[2]]) * total
            out[to + i * steps[0]] = grad[start + i * steps[1]] - share

    return _kernel(f"log softmax back by teams of {team}", kernel, dtype, ndim, 3)


def _kernel(name: str, function: Any, dtype: DType, ndim: int, arrays: int) -> Kernel:
    signature = (
        *[pointer(dtype)] * arrays,
        tuple_of(*[tuple_of(*[POSITION] * ndim)] * arrays),
        tuple_of(*[POSITION] * arrays),
        tuple_of(*[tuple_of(*[SIZE] * ndim)] * 3),
        SIZE,
        SIZE,
    )
    return Kernel(name, function, signature, (BLOCK, 1, 1))


def _exp(x: float) -> float:
    return math.exp(x)


def _log(x: float) -> float:
    return math.log(x)
