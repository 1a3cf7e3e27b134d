"""The gradient of a maximum or minimum along the last dimensions."""

from functools import cache, lru_cache
from typing import NamedTuple

import numba
import numpy as np

from mt_fast.compiler import Kernel, compile_kernel, element_types
from mt_fast.kernels import extremum as kernels
from mt_fast.launching import CHUNK, PARALLEL_SIZE, Array, Prepared, Work
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides, contiguous_strides, is_contiguous, merge_dimensions
from mt_tensor.tensor_data import TensorData

NESTED = 2
"""Dimensions of the gradient that the kernel can walk through."""


class Plan(NamedTuple):
    """Rows to be filled.

    Attributes:
        layout: as `mt_fast.kernels.extremum` reads it.
        rows: how many there are.
        chunk: how many of them a thread takes at a time.
    """

    layout: Array
    rows: int
    chunk: int


def extremum_by_input(out: TensorData, grad: TensorData, a: TensorData, best: TensorData) -> bool:
    """Give gradients to extremal elements, if they lie in dense rows; return whether they do."""
    how = plan(a.shape, best.shape, out.strides, a.strides, best.strides, grad.strides)
    if how is None:
        return False
    tensors = (out, grad, a, best)
    storages, offsets = tuple([t.storage for t in tensors]), tuple([t.offset for t in tensors])
    key = how.rows, how.layout.tobytes()
    if not _prepared.start(key, storages, offsets):
        chunk = how.chunk if how.rows > 1 and out.size >= PARALLEL_SIZE else 0
        work = Work(_kernel(storages[0].dtype), how.layout, how.rows, chunk)
        _prepared.launch(key, work, storages, offsets)
    return True


@lru_cache(maxsize=4096)
def plan(  # noqa: PLR0913, PLR0917
    shape: Shape, kept: Shape, out: Strides, a: Strides, best: Strides, grad: Strides
) -> Plan | None:
    """Plan the rows; None if what was folded is not behind all else, or something has gaps."""
    rows = shape[: _first_folded(shape, kept)]
    dense = is_contiguous(shape, out) and is_contiguous(shape, a) and is_contiguous(kept, best)
    sizes, (steps,) = merge_dimensions(rows, grad[: len(rows)])
    if kept[len(rows) :].count(1) != len(kept) - len(rows) or not dense or len(sizes) > NESTED:
        return None
    (outer, inner), (around, step) = ((1, *sizes)[-2:], (0, *steps)[-2:]) if sizes else _ONE
    columns = contiguous_strides((1, *shape))[len(rows)]
    layout = np.array([columns, inner, step, around], np.int64)
    return Plan(layout, outer * inner, max(CHUNK // max(columns, 1), 1))


def _first_folded(shape: Shape, kept: Shape) -> int:
    """Return before which dimension nothing was folded."""
    return next((d for d, (n, k) in enumerate(zip(shape, kept, strict=True)) if n != k), len(shape))


@cache
def _kernel(dtype: DType) -> Kernel:
    dtypes = (dtype,) * 4
    constants = {"ALL": element_types(*dtypes), "number": numba.from_dtype(dtype)}
    return compile_kernel(kernels.share_out, constants, str(constants))


_ONE = (1, 1), (0, 0)
_prepared = Prepared()
