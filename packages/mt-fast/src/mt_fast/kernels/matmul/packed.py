"""Step 4 of 6, packed: each block of b is copied to a place where its rows lie side by side.

Inside a large matrix the rows of a block are on different pages, and at a stride of a power of two
they compete for the same lines of the cache. A transposed b has its columns dense instead of its
rows. A copy costs K N moves beside M K N multiply-adds, and from then on neither matters.

Measured: 42 GFLOP/s at 512 x 512 in float32, and 40 with b transposed, where the steps before
it reach 2.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201  kernels: types are inferred

import numpy as np
from numba import prange

from mt_fast.kernels.step import kernel

DEPTH = 64
"""Rows of a block of b."""

COLUMNS = 1024
"""Columns of a block of b: 256 KiB in float32."""


@kernel
def multiply(a, b, c):
    """Set c, (M, N), to a, (M, K), times b, (K, N), of any strides."""
    (M, K), N = a.shape, b.shape[1]
    packed = np.empty((DEPTH, COLUMNS), c.dtype)
    for i in prange(M):
        for j in range(N):
            c[i, j] = 0
    for left in range(0, N, COLUMNS):
        right = min(left + COLUMNS, N)
        for top in range(0, K, DEPTH):
            bottom = min(top + DEPTH, K)
            pack(b[top:bottom, left:right], packed)
            for i in prange(M):
                add_row(a[i, top:bottom], packed, c[i, left:right])


@kernel
def pack(block, packed):
    """Copy a block of b, row by row."""
    for k in range(block.shape[0]):
        for j in range(block.shape[1]):
            packed[k, j] = block[k, j]


@kernel
def add_row(factors, packed, sums):
    """Add to a row of sums the rows of the block, each times its factor."""
    for k in range(len(factors)):
        factor = factors[k]
        for j in range(len(sums)):
            sums[j] += factor * packed[k, j]
