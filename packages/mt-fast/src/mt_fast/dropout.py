"""`dropout`: which elements a key drops, in one pass over dense storages."""

from functools import cache, lru_cache
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Kernel, bind_helpers, compile_kernel, element_types
from mt_fast.elementwise import Elementwise
from mt_fast.kernels import random as kernels
from mt_fast.launching import Array, Numbers, Prepared, Work, listeners, numbers, scratch
from mt_operators import identity
from mt_tensor.defaults.dropout import scale, threshold
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData

PARALLEL_COUNTERS = 1 << 16
"""Counters from which threads are used: 0.1 ms of work; see `PARALLEL_SIZE`."""

CHUNK = 1 << 13
"""Counters that a thread takes at a time."""

WORD = np.dtype(np.uint64)
SHARE = np.dtype(np.float64)
NO_OFFSETS = (0, 0, 0, 0)


def dropout(out: TensorData, a: TensorData, p: float, key: int) -> None:
    """Set elements of `out` to 0, the others to those of `a`, scaled."""
    if not out.whole:
        dense = scratch(out.shape, out.storage.dtype)
        dropout(dense, a, p, key)
        _copy.run(identity, out, (dense,))
        return
    if not a.whole:
        # Not into `out`: where the two are one storage, the kernel has no vectors.
        dense = scratch(a.shape, a.storage.dtype)
        _copy.run(identity, dense, (a,))
        a = dense
    storages = (out.storage, a.storage, *_numbers(p, key))
    size = len(out.storage)
    if not _prepared.start(size, storages, NO_OFFSETS):
        units = -(-size // 4)
        chunk = CHUNK if units >= PARALLEL_COUNTERS else 0
        work = Work(_kernel(out.storage.dtype), np.array([size], np.int64), units, chunk)
        _prepared.launch(size, work, storages, NO_OFFSETS)


def _numbers(p: float, key: int) -> Numbers:
    """Return the words and the share that the kernel reads; the share is kept for the next key."""
    if listeners:
        return numbers(_words, p, key)
    least, share = _shares(p)
    return np.array([key, least], WORD), share


def _words(p: float, key: int) -> Numbers:
    """Return arrays of their own, for a replay to write to."""
    return np.array([key, threshold(p)], WORD), np.array([scale(p)], SHARE)


@lru_cache(maxsize=64)
def _shares(p: float) -> tuple[int, Array]:
    """Return the word below which an element is dropped, and the share of one that is not."""
    return threshold(p), np.array([scale(p)], SHARE)


@cache
def _kernel(dtype: DType) -> Kernel:
    dtypes = (dtype, dtype, WORD, SHARE)
    constants: dict[str, Any] = {
        "ALL": element_types(*dtypes),
        "number": numba.from_dtype(dtype),
    }
    bindings = bind_helpers(dict(constants), kernels.words, kernels.kept)
    return compile_kernel(kernels.dropout, bindings, str(constants))


_copy = Elementwise()
_prepared = Prepared()
