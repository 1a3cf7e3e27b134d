"""Dropout whose choice is a function of a key and a position, not of a stream.

Philox turns a counter and a key into four random words by ten rounds of multiplications. Word
`i % 4` of counter `i // 4` decides about element `i`, in row-major order: whoever knows the key
knows what is dropped, in any order and on any number of threads. So the backward keeps no mask
but asks again, and the same key drops the same elements on every backend.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
1, 2, 3", SC11 (2011); Philox4x32-10.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend

Words = np.ndarray[Any, np.dtype[np.uint64]]

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
INCREMENTS = (0x9E3779B9, 0xBB67AE85)
"""The golden ratio and the root of 3, less 1: what the key grows by in each round."""


def dropout(backend: "Backend", out: TensorData, a: TensorData, p: float, key: int) -> None:
    """Set each element to 0 where its word is below `p`, else scale it by `1 / (1 - p)`."""
    kept = drawn(out.size, key) >= threshold(p)
    share = np.asarray(kept * scale(p), a.dtype).reshape(out.shape)
    backend.zip(_scaled, out, a, backend.from_array(share))


def threshold(p: float) -> int:
    """Return the first of the 2^32 words that keeps an element."""
    return round(p * 2.0**32)


def scale(p: float) -> float:
    """Return by how much an element grows that is kept, if any is."""
    return 0.0 if p == 1.0 else 1.0 / (1.0 - p)


def drawn(size: int, key: int) -> Words:
    """Return the words of the first `size` elements."""
    counters = np.arange(-(-size // 4), dtype=np.uint64)
    zero = np.zeros_like(counters)
    words = philox((_low(counters), counters >> _HALF, zero, zero), divmod(key, 2**32)[::-1])
    return np.stack(words, -1).reshape(-1)[:size]


def philox(counter: tuple[Words, ...], key: tuple[int, ...]) -> tuple[Words, ...]:
    """Encrypt counters of four 32-bit words with a key of two, the lower first."""
    first, second = (np.uint64(m) for m in MULTIPLIERS)
    for r in range(ROUNDS):
        low, high = (np.uint64((k + r * i) % 2**32) for k, i in zip(key, INCREMENTS, strict=True))
        left, right = counter[0] * first, counter[2] * second
        counter = (
            (right >> _HALF) ^ counter[1] ^ low,
            _low(right),
            (left >> _HALF) ^ counter[3] ^ high,
            _low(left),
        )
    return counter


def _low(words: Words) -> Words:
    return words & np.uint64(2**32 - 1)


def _scaled(x: float, share: float) -> float:
    return x * share if share > 0.0 else 0.0


_HALF = np.uint64(32)
