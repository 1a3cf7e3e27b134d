"""The types of kernel arguments, and conversions between the types of elements.

A truth value is a byte: Numba's own boolean is one bit, which no pointer can store.
"""

from typing import Any

import numpy as np
from numba import float32, float64, int64, types, uint8, uint32

from mt_cuda.device import inline
from mt_tensor.dtypes import DType

SIZE = uint32
POSITION = int64

NUMBERS: dict[DType, Any] = {
    np.dtype(np.float32): float32,
    np.dtype(np.float64): float64,
    np.dtype(np.int64): int64,
    np.dtype(np.bool_): uint8,
}


def number(dtype: DType) -> Any:
    """Return Numba's type of an element; in a kernel it converts to it."""
    return NUMBERS[dtype]


def pointer(dtype: DType) -> Any:
    """Return the type of an array without bounds."""
    return types.CPointer(number(dtype))


def tuple_of(*kinds: Any) -> Any:
    """Return the type of a tuple."""
    return types.Tuple(kinds)


def store_as(dtype: DType) -> Any:
    """Make a function that converts to what is stored: a truth value is whether it is not 0."""
    if dtype.kind == "b":
        return inline(lambda value: uint8(1) if value != 0 else uint8(0))
    kind = number(dtype)
    return inline(lambda value: kind(value))  # noqa: PLW0108  a type cannot be called by closure
