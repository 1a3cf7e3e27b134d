r"""Dropout by Philox4x32-10: random words without a state, so without an order of threads.

Ten rounds of multiplications turn a counter and a key into four words, which decide about four
elements: word `i % 4` of counter `i // 4` about element `i`. So a thread needs its own number and
nothing else, and the backward asks the same key again in place of reading a mask. The arithmetic,
twenty products of 32 bits for 32 bytes, hides behind the loads.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
1, 2, 3", SC11 (2011).
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of a kernel

from typing import Any

from numba import cuda, int64, uint32, uint64

from mt_cuda.device import BLOCK, REPEATS, Kernel, inline
from mt_cuda.intrinsics import LANES, load4, store4
from mt_cuda.kernels.types import SIZE, number, pointer, tuple_of
from mt_tensor.defaults.dropout import INCREMENTS, MULTIPLIERS, ROUNDS
from mt_tensor.dtypes import DType

HALF = 32


def dropout(dtype: DType, vectors: bool) -> Kernel:  # noqa: FBT001
    """Make `out[i] = share * a[i]` where the word of `i` reaches the threshold, else 0.

    Args:
        dtype: of both arrays, a float; they are contiguous.
        vectors: whether both begin at vectors.
    """
    kind, words, keep = number(dtype), philox(), keeper(dtype)

    def kernel(out: Any, a: Any, share: Any, key: Any, threshold: Any, count: Any) -> None:
        for repeat in range(REPEATS):
            block = cuda.blockIdx.x * REPEATS + repeat
            counter = uint32(block * BLOCK + cuda.threadIdx.x)
            first = uint32(counter * LANES)
            if first < count:
                w = words(counter, key[0], key[1])
                if vectors and first + LANES <= count:
                    b, c, d, e = load4(a, first)
                    b, c = keep(b, w[0], share, threshold), keep(c, w[1], share, threshold)
                    d, e = keep(d, w[2], share, threshold), keep(e, w[3], share, threshold)
                    store4(out, first, (b, c, d, e))
                else:
                    for lane in range(LANES):
                        i = uint32(first + lane)
                        if i < count:
                            out[i] = keep(a[i], w[lane], share, threshold)

    signature = (pointer(dtype), pointer(dtype), kind, tuple_of(SIZE, SIZE), int64, SIZE)
    return Kernel(f"dropout{' by vectors' * vectors}", kernel, signature, (BLOCK, 1, 1))


def philox() -> Any:
    """Make a function of a counter below 2^32 and a key of two words, that returns four words."""
    left, right = (uint64(m) for m in MULTIPLIERS)
    golden, root = (uint32(i) for i in INCREMENTS)

    @inline
    def words(counter: Any, low: Any, high: Any) -> Any:
        a, b, c, d = uint32(counter), uint32(0), uint32(0), uint32(0)
        for _ in range(ROUNDS):
            first, second = uint64(a) * left, uint64(c) * right
            a, b = uint32(uint32(second >> uint64(HALF)) ^ b ^ low), uint32(second)
            c, d = uint32(uint32(first >> uint64(HALF)) ^ d ^ high), uint32(first)
            low, high = uint32(low + golden), uint32(high + root)
        return a, b, c, d

    return words


def keeper(dtype: DType) -> Any:
    """Make a function that returns a value in its share, or 0 if its word is below a threshold."""
    zero = number(dtype)(0)

    @inline
    def keep(value: Any, word: Any, share: Any, threshold: Any) -> Any:
        return value * share if int64(word) >= threshold else zero

    return keep
