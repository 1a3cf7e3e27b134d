"""`take_rows`, `add_rows`, `pick` and its gradient: reading and writing by data."""

from functools import cache
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Kernel, compile_kernel, element_types
from mt_fast.kernels import rows as kernels
from mt_fast.launching import PARALLEL_SIZE, Prepared, Work
from mt_fast.threads import get_num_threads
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData


def take_rows(out: TensorData, a: TensorData, index: TensorData) -> None:
    """Set row i of `out` to row `index[i]` of `a`."""
    columns = out.shape[1]
    words = (columns, *out.strides, *a.strides, *index.strides)
    _launch("take_rows", (out, a, index), words, out.shape[0], columns)


def add_rows(out: TensorData, index: TensorData, a: TensorData) -> None:
    """Add row i of `a` to row `index[i]` of `out`."""
    count, columns = a.shape
    words = (columns, *out.strides, *a.strides, *index.strides, count)
    _launch("add_rows", (out, a, index), words, columns, count)


def pick(out: TensorData, a: TensorData, index: TensorData) -> None:
    """Set element i of `out` to `a[i, index[i]]`."""
    words = (1, *out.strides, 0, *a.strides, *index.strides)
    _launch("pick", (out, a, index), words, out.shape[0], 1)


def pick_by_input(out: TensorData, grad: TensorData, index: TensorData) -> None:
    """Set row i of `out` to zeros, and to `grad[i]` at `index[i]`."""
    words = (out.shape[1], *out.strides, *grad.strides, 0, *index.strides)
    _launch("pick_gradient", (out, grad, index), words, *out.shape)


def _launch(
    name: str, tensors: tuple[TensorData, ...], words: tuple[int, ...], units: int, size: int
) -> None:
    """Run a kernel of so many units, each of so many elements."""
    storages = tuple([t.storage for t in tensors])
    offsets = tuple([t.offset for t in tensors])
    key = name, words, units
    if not _prepared.start(key, storages, offsets):
        kernel = _kernel(name, storages[0].dtype, storages[2].dtype)
        large = units > 1 and units * size >= PARALLEL_SIZE
        chunk = -(-units // get_num_threads()) if large else 0
        work = Work(kernel, np.array(words, np.int64), units, chunk)
        _prepared.launch(key, work, storages, offsets)


@cache
def _kernel(name: str, dtype: DType, index: DType) -> Kernel:
    dtypes = (dtype, dtype, index)
    constants: dict[str, Any] = {
        "ALL": element_types(*dtypes),
        "number": numba.from_dtype(dtype),
    }
    return compile_kernel(getattr(kernels, name), constants, str(constants))


_prepared = Prepared()
