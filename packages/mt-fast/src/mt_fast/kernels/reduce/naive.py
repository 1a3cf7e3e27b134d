"""Step 1 of 3, naive: one total for each output, and one element after the other.

Each step waits for the one before it, four cycles for an addition, so a vector unit that could add
16 numbers in a cycle adds one in four. And the error of a sum grows with its length: a small number
added to a large total loses its last bits, every time.

Measured: 7 GB/s along the last axis in float32; a million times 0.1 comes out 1 % off.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, PLR0913, PLR0917  kernels: types are inferred

from numba import prange

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.step import kernel


@kernel
def fold(fn, unit, out, a, start, shape, strides):
    """Fold the last dimension: `out[i] = fn(... fn(unit, a[i, 0]) ..., a[i, n - 1])`.

    Args:
        fn: a compiled function of two numbers.
        unit: what a fold begins with.
        out: a storage with one element for each index of the other dimensions, in their order.
        a: a storage.
        start: where its first element lies.
        shape: of `a`, at least one dimension.
        strides: of `a`.
    """
    last = len(shape) - 1
    for ordinal in prange(len(out)):
        block, at = len(out), start
        for d in range(last):
            block //= shape[d]
            at += ordinal // block % shape[d] * strides[d]
        total = out.dtype.type(unit)
        for j in range(shape[last]):
            total = fn(total, get(a, at + j * strides[last]))
        put(out, ordinal, total)
