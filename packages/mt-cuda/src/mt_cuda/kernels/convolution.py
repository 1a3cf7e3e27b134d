r"""Convolution of images with small kernels, directly: no windows are copied, no matrix is made.

$y_{n o h w} = \sum_{c i j} w_{o c i j}\, x_{n, c, h s_h + i - p_h, w s_w + j - p_w}$

A thread has one pixel, and `GROUP` channels of it: each number of the images that it loads serves
that many multiplications. All threads of a warp read the same weight, which costs one load. So the
arithmetic waits for the cache, not for memory, as long as the kernels are small; with many channels
a matrix product is faster, and `mt_cuda.convolution` chooses.

The three kernels are one sum, seen from each of its three arrays:

- forwards a pixel of `y` asks for the pixels of `x` under its window;
- back to the images, a pixel of `x` asks for the pixels of `y` whose windows hold it;
- back to the weights, a block has one pair of channels and shares out the pixels of `y`; a thread
  keeps a total for each place in the window, and the block folds them one by one.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from dataclasses import dataclass
from typing import Any

from numba import cuda, int32, uint32

from mt_cuda.device import BLOCK, Kernel, inline
from mt_cuda.kernels.indexing import locator, unraveler
from mt_cuda.kernels.teams import team_fold
from mt_cuda.kernels.types import POSITION, SIZE, number, pointer, tuple_of
from mt_cuda.operators import prepare
from mt_operators import add
from mt_tensor.dtypes import DType

GROUP = 4
"""Channels that a thread computes."""

OUT, FIRST, SECOND = range(3)
"""Which of the three arrays, in each group of arguments: the result and its two factors."""


@dataclass(frozen=True)
class Filter:
    """The sizes of a convolution that are constants of its kernels.

    Attributes:
        kernel: height and width of the kernels.
        stride: how far windows are apart, down and across.
        padding: zeros around the images, above and below, left and right.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]


def forward(dtype: DType, shape: Filter) -> Kernel:
    """Make `out` (N, O, OH, OW), from `x` (N, C, H, W) and `weight` (O, C, KH, KW)."""
    (kh, kw), (sh, sw), (ph, pw) = shape.kernel, shape.stride, shape.padding
    unravel, locate, kind, group = unraveler(4), locator(4), number(dtype), GROUP
    clear, gather, store = group_functions(dtype)

    def kernel(
        out: Any, x: Any, weight: Any, strides: Any, sizes: Any, count: Any, limits: Any
    ) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            n, block, i, j = unravel(ordinal, *sizes)
            channels, depth, height, width = limits
            first = int32(block * group)
            totals = cuda.local.array(group, kind)
            clear(totals)
            for c in range(depth):
                for y in range(kh):
                    row = int32(i) * sh + y - ph
                    for z in range(kw):
                        column = int32(j) * sw + z - pw
                        if 0 <= row < height and 0 <= column < width:
                            pixel = x[locate((n, c, row, column), strides[FIRST])]
                            tap = locate((first, c, y, z), strides[SECOND])
                            gather(totals, pixel, weight, tap, strides[SECOND][0], channels - first)
            to = locate((n, first, i, j), strides[OUT])
            store(out, to, strides[OUT][1], totals, channels - first)

    return _kernel(f"convolution of {shape}", kernel, dtype)


def by_input(dtype: DType, shape: Filter) -> Kernel:
    """Make `out` (N, C, H, W), from `grad` (N, O, OH, OW) and `weight`."""
    (kh, kw), (sh, sw), (ph, pw) = shape.kernel, shape.stride, shape.padding
    unravel, locate, kind, group = unraveler(4), locator(4), number(dtype), GROUP
    clear, gather, store = group_functions(dtype)

    def kernel(
        out: Any, grad: Any, weight: Any, strides: Any, sizes: Any, count: Any, limits: Any
    ) -> None:
        ordinal = uint32(cuda.blockIdx.x * BLOCK + cuda.threadIdx.x)
        if ordinal < count:
            n, block, h, w = unravel(ordinal, *sizes)
            channels, depth, height, width = limits
            first = int32(block * group)
            totals = cuda.local.array(group, kind)
            clear(totals)
            for o in range(depth):
                for y in range(kh):
                    row = int32(h) + ph - y
                    for z in range(kw):
                        column = int32(w) + pw - z
                        # The window that has this pixel at (y, z), if there is one.
                        begins = row >= 0 and column >= 0 and row % sh == 0 and column % sw == 0
                        i, j = row // sh, column // sw
                        if begins and i < height and j < width:
                            pixel = grad[locate((n, o, i, j), strides[FIRST])]
                            tap = locate((o, first, y, z), strides[SECOND])
                            gather(totals, pixel, weight, tap, strides[SECOND][1], channels - first)
            to = locate((n, first, h, w), strides[OUT])
            store(out, to, strides[OUT][1], totals, channels - first)

    return _kernel(f"convolution back of {shape}", kernel, dtype)


def by_weight(dtype: DType, shape: Filter) -> Kernel:
    """Make part `p` of the weights, `out` (P, O, C, KH, KW), from `grad` and `x`.

    Part `p` sums over its share of the images; block (b, p) has the channels `b // C` and `b % C`.
    """
    (kh, kw), (sh, sw), (ph, pw) = shape.kernel, shape.stride, shape.padding
    unravel, locate, kind, taps = unraveler(3), locator(4), number(dtype), kh * kw
    fold = team_fold(prepare(add, dtype), BLOCK)

    @inline
    def gather(totals: Any, pixel: Any, x: Any, place: Any, strides: Any, limits: Any) -> None:
        n, c, i, j = place
        for y in range(kh):
            row = int32(i) * sh + y - ph
            for z in range(kw):
                column = int32(j) * sw + z - pw
                if 0 <= row < limits[0] and 0 <= column < limits[1]:
                    totals[y * kw + z] += pixel * x[locate((n, c, row, column), strides)]

    def kernel(
        out: Any, grad: Any, x: Any, strides: Any, sizes: Any, count: Any, limits: Any
    ) -> None:
        channels, chunk, height, width = limits
        o, c = cuda.blockIdx.x // channels, cuda.blockIdx.x % channels
        part, member = cuda.blockIdx.y, cuda.threadIdx.x
        totals = cuda.local.array(taps, kind)
        for t in range(taps):
            totals[t] = kind(0)
        end = min((part + 1) * chunk, count)
        for ordinal in range(part * chunk + member, end, BLOCK):
            n, i, j = unravel(uint32(ordinal), *sizes)
            pixel = grad[locate((n, o, i, j), strides[FIRST])]
            gather(totals, pixel, x, (n, c, i, j), strides[SECOND], (height, width))
        for t in range(taps):
            total = fold(totals[t])
            # All have read the totals of the warps before the next fold writes over them.
            cuda.syncthreads()
            if member == 0:
                place = (part * cuda.gridDim.x + cuda.blockIdx.x) * taps + t
                out[place] = total

    return _kernel(f"convolution back to weights of {shape}", kernel, dtype, dimensions=3)


def group_functions(dtype: DType) -> tuple[Any, Any, Any]:
    """Make `clear`, `gather` and `store`, for the totals of a thread's group of channels.

    The last argument of the latter two is how many channels there are from the group's first on.
    """
    kind, group = number(dtype), GROUP

    @inline
    def clear(totals: Any) -> None:
        for g in range(group):
            totals[g] = kind(0)

    @inline
    def gather(totals: Any, pixel: Any, weight: Any, tap: Any, step: Any, left: Any) -> None:
        for g in range(group):
            if g < left:
                totals[g] += pixel * weight[tap + g * step]

    @inline
    def store(out: Any, to: Any, step: Any, totals: Any, left: Any) -> None:
        for g in range(group):
            if g < left:
                out[to + g * step] = totals[g]

    return clear, gather, store


def _kernel(name: str, function: Any, dtype: DType, dimensions: int = 4) -> Kernel:
    signature = (
        *[pointer(dtype)] * 3,
        tuple_of(*[tuple_of(*[POSITION] * 4)] * 3),
        tuple_of(*[tuple_of(*[SIZE] * dimensions)] * 3),
        SIZE,
        tuple_of(*[SIZE] * 4),
    )
    return Kernel(name, function, signature, (BLOCK, 1, 1))
