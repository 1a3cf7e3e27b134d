"""Averages and maxima over windows of images, and their gradients.

Images are (N, C, H, W), windows `kernel` in size and `stride` apart. Forwards, a thread has one
window. Backwards it has one element of the images and asks every window that holds it: windows may
overlap, so that the other way round two threads would add to one element.

Sizes of windows are constants of a kernel: loops over them are unrolled, and dividing by a stride
is a multiplication.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

import math
from dataclasses import dataclass
from typing import Any

from numba import cuda, int32, uint32

from mt_cuda.device import BLOCK, Kernel, inline
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, tuple_of
from mt_tensor.dtypes import DType

IMAGE_DIMENSIONS = 4


@dataclass(frozen=True)
class Window:
    """The windows of a pooling.

    Attributes:
        kernel: height and width.
        stride: how far they are apart, down and across.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]


def average(dtype: DType, window: Window) -> Kernel:
    """Make the average of each window."""
    (kh, kw), (sh, sw) = window.kernel, window.stride
    unravel, locate, kind = unraveler(4), locator(4), number(dtype)

    def kernel(out: Any, x: Any, strides: Any, sizes: Any, count: Any) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            index = unravel(ordinal, *sizes)
            n, c, i, j = index
            start = locate((n, c, i * sh, j * sw), strides[1])
            total = kind(0)
            for y in range(kh):
                for z in range(kw):
                    total += x[start + y * strides[1][2] + z * strides[1][3]]
            out[locate(index, strides[0])] = total / kind(kh * kw)

    return _kernel(f"average of {window}", kernel, dtype, 2)


def average_by_input(dtype: DType, window: Window) -> Kernel:
    """Make each element's share of the gradients of the windows that hold it."""
    kh, kw = window.kernel
    unravel, locate, kind, reach = unraveler(4), locator(4), number(dtype), holders(window)

    def kernel(out: Any, grad: Any, strides: Any, sizes: Any, count: Any, windows: Any) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            index = unravel(ordinal, *sizes)
            top, bottom, left, right = reach(index, windows)
            total = kind(0)
            for i in range(top, bottom):
                for j in range(left, right):
                    total += grad[locate((index[0], index[1], i, j), strides[1])]
            out[locate(index, strides[0])] = total / kind(kh * kw)

    return _kernel(f"average back of {window}", kernel, dtype, 2, SIZE, SIZE)


def maximum(dtype: DType, window: Window) -> Kernel:
    """Make the maximum of each window, nan if it holds one."""
    (kh, kw), (sh, sw) = window.kernel, window.stride
    unravel, locate, kind = unraveler(4), locator(4), number(dtype)

    def kernel(out: Any, x: Any, strides: Any, sizes: Any, count: Any) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            index = unravel(ordinal, *sizes)
            n, c, i, j = index
            start = locate((n, c, i * sh, j * sw), strides[1])
            best = kind(-math.inf)
            for y in range(kh):
                for z in range(kw):
                    value = x[start + y * strides[1][2] + z * strides[1][3]]
                    best = value if value > best or value != value else best  # noqa: PLR0124
            out[locate(index, strides[0])] = best

    return _kernel(f"maximum of {window}", kernel, dtype, 2)


def maximum_by_input(dtype: DType, window: Window) -> Kernel:
    """Make the sum of the gradients of the windows whose first maximum, or nan, an element is."""
    (kh, kw), (sh, sw) = window.kernel, window.stride
    unravel, locate, kind, reach = unraveler(4), locator(4), number(dtype), holders(window)
    nowhere = kh * kw

    @inline
    def first(x: Any, start: Any, down: Any, across: Any) -> Any:
        """Return the ordinal in a window of its first maximum, or of its first nan."""
        best, place = kind(-math.inf), int32(nowhere)
        for y in range(kh):
            for z in range(kw):
                value = x[start + y * down + z * across]
                # Once a nan has been found, nothing is larger and nothing is the first.
                better = value > best or place == nowhere or value != value  # noqa: PLR0124
                if better and best == best:  # noqa: PLR0124
                    best, place = value, int32(y * kw + z)
        return place

    def kernel(
        out: Any, grad: Any, x: Any, strides: Any, sizes: Any, count: Any, windows: Any
    ) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            index = unravel(ordinal, *sizes)
            n, c, h, w = index
            top, bottom, left, right = reach(index, windows)
            total = kind(0)
            for i in range(top, bottom):
                for j in range(left, right):
                    start = locate((n, c, i * sh, j * sw), strides[2])
                    mine = (int32(h) - i * sh) * kw + int32(w) - j * sw
                    if first(x, start, strides[2][2], strides[2][3]) == mine:
                        total += grad[locate((n, c, i, j), strides[1])]
            out[locate(index, strides[0])] = total

    return _kernel(f"maximum back of {window}", kernel, dtype, 3, SIZE, SIZE)


def holders(window: Window) -> Any:
    """Make a function of an element's index that returns which windows hold it.

    Rows and columns of windows, each from the first to the one after the last, out of `windows`.
    """
    (kh, kw), (sh, sw) = window.kernel, window.stride

    @inline
    def reach(index: Any, windows: Any) -> Any:
        h, w = int32(index[2]), int32(index[3])
        top, left = max(h - kh + sh, 0) // sh, max(w - kw + sw, 0) // sw
        bottom, right = min(h // sh + 1, windows[0]), min(w // sw + 1, windows[1])
        return int32(top), int32(bottom), int32(left), int32(right)

    return reach


def _kernel(name: str, function: Any, dtype: DType, arrays: int, *windows: Any) -> Kernel:
    positions, sizes = tuple_of(*[POSITION] * 4), tuple_of(*[SIZE] * 4)
    signature = (
        *[pointer(dtype)] * arrays,
        tuple_of(*[positions] * arrays),
        tuple_of(*[sizes] * 3),
        SIZE,
        *([tuple_of(*windows)] if windows else []),
    )
    return Kernel(name, function, signature, (BLOCK, 1, 1))
