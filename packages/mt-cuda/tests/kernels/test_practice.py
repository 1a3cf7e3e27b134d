import numpy as np
import pytest

from mt_cuda.device import ceil_div
from mt_cuda.kernels.practice_matmul import SIDE, block_matmul
from mt_cuda.kernels.practice_sum import THREADS, block_sum

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", [1, 31, 32, 33, 40, 64])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_block_sum(run, n, dtype):
    a = RNG.normal(size=n).astype(dtype)
    blocks = ceil_div(n, THREADS)
    out = run(block_sum(a.dtype), (blocks, 1, 1), (np.empty(blocks, dtype), a), n)
    padded = np.zeros(blocks * THREADS)
    padded[:n] = a
    np.testing.assert_allclose(out, padded.reshape(blocks, THREADS).sum(1), rtol=1e-5)


@pytest.mark.parametrize("n", [1, 2, SIDE - 1, SIDE])
def test_block_matmul(run, n):
    a, b = RNG.normal(size=(2, n, n))
    out = run(block_matmul(a.dtype), (1, 1, 1), (np.empty((n, n)), a, b), n)
    np.testing.assert_allclose(out, a @ b, rtol=1e-12)
