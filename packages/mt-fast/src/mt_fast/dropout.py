"""`dropout`: which elements a key drops, in one pass over dense storages."""

from functools import cache
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Entry, Kernel, bind_helpers, compile_kernel, element_types
from mt_fast.elementwise import Elementwise
from mt_fast.kernels import random as kernels
from mt_fast.launching import entry, numbers, run_parallel, scratch
from mt_fast.threads import get_num_threads
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
    storages = (out.storage, a.storage, *numbers(_words, p, key))
    start, (address, _) = _kernel(out.storage.dtype)
    size = len(out.storage)
    layout, units = np.array([size], np.int64), -(-size // 4)
    if units < PARALLEL_COUNTERS or get_num_threads() == 1:
        start(address, storages, (), layout, units)
    else:
        run_parallel(address, storages, (), layout, units, CHUNK)


def _words(p: float, key: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the words and the share that the kernel reads."""
    return np.array([key, threshold(p)], WORD), np.array([scale(p)], SHARE)


@cache
def _kernel(dtype: DType) -> tuple[Entry, Kernel]:
    dtypes = (dtype, dtype, WORD, SHARE)
    constants: dict[str, Any] = {
        "ALL": element_types(*dtypes),
        "number": numba.from_dtype(dtype),
    }
    bindings = bind_helpers(dict(constants), kernels.words, kernels.kept)
    return entry(0, *dtypes), compile_kernel(kernels.dropout, bindings, str(constants))


_copy = Elementwise()
