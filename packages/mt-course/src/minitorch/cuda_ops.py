"""Module 3: operations on a GPU, by the kernels of mt-cuda; and the course's own kernels.

`CudaOps` is what trains. The kernels below are the ones that the course builds, one thread for one
element of the output: launch them as `kernel[blocks, threads](...)`. With `NUMBA_ENABLE_CUDASIM=1`
they run in Numba's simulator.
"""

# ruff: noqa: PLR0913, PLR0917  a kernel takes storage, shape and strides of each tensor

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch import tensor_data
from minitorch.jit import cuda, device_jit, jit
from minitorch.tensor_data import TensorData
from minitorch.tensor_ops import EngineOps

MAX_DIMS = tensor_data.MAX_DIMS
THREADS_PER_BLOCK = 32

FakeCUDAKernel = Any

to_index = device_jit(tensor_data.to_index)
index_to_position = device_jit(tensor_data.index_to_position)
broadcast_index = device_jit(tensor_data.broadcast_index)


class CudaOps(EngineOps):
    """Operations by kernels on a GPU."""

    engine = "cuda"
    cuda = True


def tensor_map(fn: Callable[[float], float]) -> FakeCUDAKernel:
    """Compile a kernel `(out, out_shape, out_strides, out_size, a, a_shape, a_strides)`.

    `a` broadcasts to `out`. Thread `i` owns the element that row-major order counts as `i`.
    """
    call = device_jit(fn)

    def _map(
        out: Any,
        out_shape: Any,
        out_strides: Any,
        out_size: Any,
        a: Any,
        a_shape: Any,
        a_strides: Any,
    ) -> None:
        i = cuda.grid(1)
        if i < out_size:
            out_index = cuda.local.array(MAX_DIMS, np.int64)
            a_index = cuda.local.array(MAX_DIMS, np.int64)
            to_index(i, out_shape, out_index)
            broadcast_index(out_index, out_shape, a_shape, a_index)
            value = a[index_to_position(a_index, a_strides)]
            out[index_to_position(out_index, out_strides)] = call(value)

    return jit(_map)


def tensor_zip(fn: Callable[[float, float], float]) -> FakeCUDAKernel:
    """Compile a kernel as `tensor_map`, of one more tensor: three more arguments."""
    call = device_jit(fn)

    def _zip(
        out: Any,
        out_shape: Any,
        out_strides: Any,
        out_size: Any,
        a: Any,
        a_shape: Any,
        a_strides: Any,
        b: Any,
        b_shape: Any,
        b_strides: Any,
    ) -> None:
        i = cuda.grid(1)
        if i < out_size:
            out_index = cuda.local.array(MAX_DIMS, np.int64)
            a_index = cuda.local.array(MAX_DIMS, np.int64)
            b_index = cuda.local.array(MAX_DIMS, np.int64)
            to_index(i, out_shape, out_index)
            broadcast_index(out_index, out_shape, a_shape, a_index)
            broadcast_index(out_index, out_shape, b_shape, b_index)
            x = a[index_to_position(a_index, a_strides)]
            y = b[index_to_position(b_index, b_strides)]
            out[index_to_position(out_index, out_strides)] = call(x, y)

    return jit(_zip)


def tensor_reduce(fn: Callable[[float, float], float]) -> FakeCUDAKernel:
    """Compile a kernel as `tensor_map` with two last arguments: the dimension, and the start.

    Thread `i` folds one row of `a` into the element of `out` that it owns, from front to back.
    """
    call = device_jit(fn)

    def _reduce(
        out: Any,
        out_shape: Any,
        out_strides: Any,
        out_size: Any,
        a: Any,
        a_shape: Any,
        a_strides: Any,
        reduce_dim: int,
        reduce_value: float,
    ) -> None:
        i = cuda.grid(1)
        if i < out_size:
            out_index = cuda.local.array(MAX_DIMS, np.int64)
            to_index(i, out_shape, out_index)
            start = index_to_position(out_index, a_strides)
            folded = reduce_value
            for j in range(a_shape[reduce_dim]):
                folded = call(folded, a[start + j * a_strides[reduce_dim]])
            out[index_to_position(out_index, out_strides)] = folded

    return jit(_reduce)


def _sum_practice(out: Any, a: Any, size: int) -> None:
    """Sum each block's 32 elements: halve the number of threads that add, until one is left."""
    shared = cuda.shared.array(THREADS_PER_BLOCK, np.float64)
    i, t = cuda.grid(1), cuda.threadIdx.x
    shared[t] = a[i] if i < size else 0.0
    cuda.syncthreads()  # every element is there before anyone reads another's
    stride = THREADS_PER_BLOCK // 2
    while stride > 0:
        if t < stride:
            shared[t] += shared[t + stride]
        cuda.syncthreads()  # this round's sums are there before the next round reads them
        stride //= 2
    if t == 0:
        out[cuda.blockIdx.x] = shared[0]


jit_sum_practice = jit(_sum_practice)


def sum_practice(a: Any) -> TensorData:
    """Sum a tensor of one dimension in blocks of 32; a sum for each block, at least two."""
    (size,) = a.shape
    blocks = -(-size // THREADS_PER_BLOCK)
    out = cuda.to_device(np.zeros(max(blocks, 2)))
    jit_sum_practice[blocks, THREADS_PER_BLOCK](out, cuda.to_device(a.to_numpy()), size)
    return TensorData(out.copy_to_host(), out.shape)


def _mm_practice(out: Any, a: Any, b: Any, size: int) -> None:
    """Multiply two square matrices of at most 32 rows in one block, by shared copies of both."""
    left = cuda.shared.array((THREADS_PER_BLOCK, THREADS_PER_BLOCK), np.float64)
    right = cuda.shared.array((THREADS_PER_BLOCK, THREADS_PER_BLOCK), np.float64)
    i, j = cuda.threadIdx.x, cuda.threadIdx.y
    if i < size and j < size:
        left[i, j] = a[size * i + j]
        right[i, j] = b[size * i + j]
    cuda.syncthreads()  # both matrices are there before anyone multiplies
    if i < size and j < size:
        total = 0.0
        for k in range(size):
            total += left[i, k] * right[k, j]
        out[size * i + j] = total


jit_mm_practice = jit(_mm_practice)


def mm_practice(a: Any, b: Any) -> TensorData:
    """Multiply two square tensors of at most 32 rows."""
    size = a.shape[0]
    out = cuda.to_device(np.zeros(size * size))
    factors = (cuda.to_device(t.to_numpy().reshape(-1)) for t in (a, b))
    jit_mm_practice[1, (THREADS_PER_BLOCK, THREADS_PER_BLOCK)](out, *factors, size)
    return TensorData(out.copy_to_host(), (size, size))


def _tensor_matrix_multiply(
    out: Any,
    out_shape: Any,
    out_strides: Any,
    out_size: Any,  # noqa: ARG001  the course's signature
    a_storage: Any,
    a_shape: Any,
    a_strides: Any,
    b_storage: Any,
    b_shape: Any,
    b_strides: Any,
) -> None:
    """Multiply batches of matrices by tiles of 32 x 32 that the threads of a block share.

    Launch with blocks of (32, 32) threads on a grid of (rows / 32, columns / 32, batches). A thread
    owns one element of `out`, and copies one element of each tile.
    """
    left = cuda.shared.array((THREADS_PER_BLOCK, THREADS_PER_BLOCK), np.float64)
    right = cuda.shared.array((THREADS_PER_BLOCK, THREADS_PER_BLOCK), np.float64)
    i, j = cuda.grid(2)
    n, ti, tj = cuda.blockIdx.z, cuda.threadIdx.x, cuda.threadIdx.y
    a_batch = n * a_strides[0] if a_shape[0] > 1 else 0
    b_batch = n * b_strides[0] if b_shape[0] > 1 else 0
    total = 0.0
    for first in range(0, a_shape[2], THREADS_PER_BLOCK):
        k = first + tj
        inside = i < a_shape[1] and k < a_shape[2]
        left[ti, tj] = a_storage[a_batch + i * a_strides[1] + k * a_strides[2]] if inside else 0.0
        k = first + ti
        inside = k < b_shape[1] and j < b_shape[2]
        right[ti, tj] = b_storage[b_batch + k * b_strides[1] + j * b_strides[2]] if inside else 0.0
        cuda.syncthreads()  # the tiles are there before anyone multiplies
        for k in range(THREADS_PER_BLOCK):
            total += left[ti, k] * right[k, tj]
        cuda.syncthreads()  # all have multiplied before the next tiles overwrite these
    if i < out_shape[1] and j < out_shape[2]:
        out[n * out_strides[0] + i * out_strides[1] + j * out_strides[2]] = total


tensor_matrix_multiply = jit(_tensor_matrix_multiply)
