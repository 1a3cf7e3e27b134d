"""`matmul`: which kernel, with which strides."""

from functools import cache, lru_cache
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Entry, array_type, compile_kernel
from mt_fast.kernels import matmul as kernels
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides
from mt_tensor.tensor_data import TensorData


def multiply(out: TensorData, a: TensorData, b: TensorData) -> None:
    """Fill `out`, (*B, M, N), with the products of `a`, (*B, M, K), and `b`, (*B, K, N)."""
    entry = _kernel(out.storage.dtype, a.storage.dtype, b.storage.dtype)
    batch, batch_strides, strides = _plan(out.shape, out.strides, a.strides, b.strides)
    start = (out.offset, a.offset, b.offset)
    sizes = (out.shape[-2], out.shape[-1], a.shape[-1])
    entry(out.storage, a.storage, b.storage, start, batch, batch_strides, strides, *sizes)


@lru_cache(maxsize=4096)
def _plan(shape: Shape, *operands: Strides) -> tuple[np.ndarray[Any, Any], ...]:
    table = np.array(operands, np.int64).T
    return (
        np.array(shape[:-2], np.int64),
        np.ascontiguousarray(table[:-2]),
        np.ascontiguousarray(table[-2:]),
    )


@cache
def _kernel(out: DType, a: DType, b: DType) -> Entry:
    i = numba.int64
    table = i[:, ::1]
    arrays = [array_type(dtype) for dtype in (out, a, b)]
    signature = numba.void(*arrays, numba.types.UniTuple(i, 3), i[::1], table, table, i, i, i)
    return compile_kernel(kernels.plain, signature, {}, "matmul")
