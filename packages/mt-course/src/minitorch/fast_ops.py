"""Module 3: operations on all cores, by the kernels of mt-fast; and the course's own kernels.

`FastOps` is what trains. The kernels below are the ones that the course builds: the loops of
`tensor_ops` in parallel, compiled by Numba, called with storage, shape and strides of each tensor.
They show what Numba makes of such a loop, by `parallel_diagnostics`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch import tensor_data
from minitorch.jit import njit, parallel_jit, prange
from minitorch.tensor_ops import EngineOps

MAX_DIMS = tensor_data.MAX_DIMS

to_index = njit(tensor_data.to_index)
index_to_position = njit(tensor_data.index_to_position)
broadcast_index = njit(tensor_data.broadcast_index)


class FastOps(EngineOps):
    """Operations by compiled loops on all cores."""

    engine = "fast"


def tensor_map(fn: Callable[[float], float]) -> Any:
    """Compile a kernel `(out, out_shape, out_strides, a, a_shape, a_strides)`.

    `a` broadcasts to `out`. Each iteration owns one element of `out`.
    """
    call = njit(fn)

    def _map(  # noqa: PLR0913, PLR0917
        out: Any,
        out_shape: Any,
        out_strides: Any,
        a: Any,
        a_shape: Any,
        a_strides: Any,
    ) -> None:
        for i in prange(out_size(out_shape)):
            out_index = np.empty(MAX_DIMS, np.int64)
            a_index = np.empty(MAX_DIMS, np.int64)
            to_index(i, out_shape, out_index)
            broadcast_index(out_index, out_shape, a_shape, a_index)
            value = a[index_to_position(a_index, a_strides)]
            out[index_to_position(out_index, out_strides)] = call(value)

    return parallel_jit(_map)


def tensor_zip(fn: Callable[[float, float], float]) -> Any:
    """Compile a kernel as `tensor_map`, of one more tensor: three more arguments."""
    call = njit(fn)

    def _zip(  # noqa: PLR0913, PLR0917
        out: Any,
        out_shape: Any,
        out_strides: Any,
        a: Any,
        a_shape: Any,
        a_strides: Any,
        b: Any,
        b_shape: Any,
        b_strides: Any,
    ) -> None:
        for i in prange(out_size(out_shape)):
            out_index = np.empty(MAX_DIMS, np.int64)
            a_index = np.empty(MAX_DIMS, np.int64)
            b_index = np.empty(MAX_DIMS, np.int64)
            to_index(i, out_shape, out_index)
            broadcast_index(out_index, out_shape, a_shape, a_index)
            broadcast_index(out_index, out_shape, b_shape, b_index)
            x = a[index_to_position(a_index, a_strides)]
            y = b[index_to_position(b_index, b_strides)]
            out[index_to_position(out_index, out_strides)] = call(x, y)

    return parallel_jit(_zip)


def tensor_reduce(fn: Callable[[float, float], float]) -> Any:
    """Compile a kernel as `tensor_map` with a last argument, the dimension that it folds.

    It goes on from what `out` holds. Each iteration owns one element of `out`, and folds a row of
    `a` into it from front to back.
    """
    call = njit(fn)

    def _reduce(  # noqa: PLR0913, PLR0917
        out: Any,
        out_shape: Any,
        out_strides: Any,
        a: Any,
        a_shape: Any,
        a_strides: Any,
        reduce_dim: int,
    ) -> None:
        for i in prange(out_size(out_shape)):
            out_index = np.empty(MAX_DIMS, np.int64)
            to_index(i, out_shape, out_index)
            target = index_to_position(out_index, out_strides)
            start = index_to_position(out_index, a_strides)
            folded = out[target]
            for j in range(a_shape[reduce_dim]):
                folded = call(folded, a[start + j * a_strides[reduce_dim]])
            out[target] = folded

    return parallel_jit(_reduce)


def _tensor_matrix_multiply(  # noqa: PLR0913, PLR0917
    out: Any,
    out_shape: Any,
    out_strides: Any,
    a_storage: Any,
    a_shape: Any,
    a_strides: Any,
    b_storage: Any,
    b_shape: Any,
    b_strides: Any,
) -> None:
    """Multiply batches of matrices, of three dimensions each; a batch of one serves all."""
    a_batch = a_strides[0] if a_shape[0] > 1 else 0
    b_batch = b_strides[0] if b_shape[0] > 1 else 0
    for row in prange(out_shape[0] * out_shape[1]):
        n, i = row // out_shape[1], row % out_shape[1]
        for j in range(out_shape[2]):
            total = 0.0
            left = n * a_batch + i * a_strides[1]
            right = n * b_batch + j * b_strides[2]
            for k in range(a_shape[2]):
                total += a_storage[left + k * a_strides[2]] * b_storage[right + k * b_strides[1]]
            out[n * out_strides[0] + i * out_strides[1] + j * out_strides[2]] = total


tensor_matrix_multiply = parallel_jit(_tensor_matrix_multiply, fastmath=True)


@njit
def out_size(shape: Any) -> int:
    """Count the elements of a shape."""
    size = 1
    for n in shape:
        size *= n
    return size
