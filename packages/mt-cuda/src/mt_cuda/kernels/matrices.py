"""What the matrix products share: the arguments of the kernels, and where a matrix begins.

`out` is (M, N), `a` is (M, K), `b` is (K, N), each with any strides, over a batch of any layout.
Entry (i, j) of a matrix is at `start + i * strides[0] + j * strides[1]`.
"""

from typing import Any

from numba import uint32

from mt_cuda.device import inline
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.types import POSITION, SIZE, pointer, tuple_of
from mt_tensor.dtypes import DType

OUT, LEFT, RIGHT = range(3)
"""Which of the three matrices, in each group of arguments."""


def signature(dtype: DType, ndim: int) -> tuple[Any, ...]:
    """Return the types of the arguments of a product over `ndim` batch dimensions.

    Pointers to `out`, `a`, `b`; (M, N, K); the strides of the three matrices; the batch strides of
    the three; the batch sizes with what divides by each; the ordinal of the first matrix.
    """
    return (
        *[pointer(dtype)] * 3,
        tuple_of(*[SIZE] * 3),
        tuple_of(*[tuple_of(POSITION, POSITION)] * 3),
        tuple_of(*[tuple_of(*[POSITION] * ndim)] * 3),
        tuple_of(*[tuple_of(*[SIZE] * ndim)] * 3),
        SIZE,
    )


def starter(ndim: int) -> Any:
    """Make a function that returns where in memory the matrix of an ordinal begins."""
    unravel, locate = unraveler(ndim), locator(ndim)

    @inline
    def start(ordinal: Any, batch_strides: Any, batch: Any) -> Any:
        return locate(unravel(uint32(ordinal), *batch), batch_strides)

    return start
