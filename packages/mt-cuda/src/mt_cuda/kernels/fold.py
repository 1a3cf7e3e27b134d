"""Reduction, the plain way: each thread folds everything that belongs to one output."""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, uint32

from mt_cuda.device import BLOCK, Kernel
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, store_as, tuple_of
from mt_tensor.dtypes import DType


def sequential(
    fn: Any, unit: float, name: str, dtypes: tuple[DType, DType, DType], dims: tuple[int, int]
) -> Kernel:
    """Make a fold over the last `dims[1]` dimensions of a layout.

    Args:
        fn: the operator, compiled for the device.
        unit: what to begin with.
        name: of the operator.
        dtypes: of the output, the input, and to compute in.
        dims: how many dimensions stay, and how many are folded.
    """
    kept, folded = dims
    unravel, locate = unraveler(kept), locator(kept)
    unravel_folded, locate_folded = unraveler(folded), locator(folded)
    compute, convert = number(dtypes[2]), store_as(dtypes[0])

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
    ) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            index = unravel(ordinal, sizes, multipliers, shifts)
            start = locate(index, strides)
            total = compute(unit)
            for r in range(folded_count):
                at = unravel_folded(uint32(r), folded_sizes, folded_multipliers, folded_shifts)
                total = fn(total, compute(a[start + locate_folded(at, folded_strides)]))
            out[locate(index, out_strides)] = convert(total)

    def layout(ndim: int, operands: int) -> tuple[Any, ...]:
        positions, numbers = tuple_of(*[POSITION] * ndim), tuple_of(*[SIZE] * ndim)
        return (*[positions] * operands, *[numbers] * 3, SIZE)

    return Kernel(
        name=f"fold {name}",
        function=kernel,
        signature=(
            pointer(dtypes[0]),
            pointer(dtypes[1]),
            *layout(kept, 2),
            *layout(folded, 1),
        ),
        threads=(BLOCK, 1, 1),
    )
