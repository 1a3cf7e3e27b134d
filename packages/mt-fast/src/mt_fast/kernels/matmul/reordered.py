"""Step 2 of 6, loop order: the same products, but the innermost loop runs along rows.

With j innermost, rows of b and c are read in the order in which they lie, and the sums of a row do
not wait for each other: LLVM computes a vector of them at a time. Each step over k still reads all
of a row of c and writes it back, and all of b passes through the cache once for each row of a.

Measured: 45 GFLOP/s at 512 x 512 in float32, 36 times `naive`; with b transposed 1.2, for
then a row of b is no run of memory.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201  kernels: types are inferred

from numba import prange

from mt_fast.kernels.step import kernel


@kernel
def multiply(a, b, c):
    """Set c, (M, N), to a, (M, K), times b, (K, N), of any strides."""
    (M, K), N = a.shape, b.shape[1]
    for i in prange(M):
        for j in range(N):
            c[i, j] = 0
        for k in range(K):
            factor = a[i, k]
            for j in range(N):
                c[i, j] += factor * b[k, j]
