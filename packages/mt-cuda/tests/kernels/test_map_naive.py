import numpy as np
import pytest

import mt_operators as ops
from mt_cuda.device import BLOCK, ceil_div
from mt_cuda.kernels.map_naive import naive
from mt_cuda.operators import prepare

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_element_once_and_none_beyond(run, n, dtype):
    a = RNG.normal(size=n).astype(dtype)
    out = np.full(n, np.nan, dtype)
    kernel = naive(prepare(ops.neg, a.dtype), (a.dtype, a.dtype))
    np.testing.assert_array_equal(run(kernel, (ceil_div(n, BLOCK), 1, 1), (out, a), n), -a)


@pytest.mark.usefixtures("checked")
def test_a_size_too_large_by_one_is_caught(run):
    a = RNG.normal(size=5)
    kernel = naive(prepare(ops.neg, a.dtype), (a.dtype, a.dtype))
    with pytest.raises(IndexError, match="position 5 is outside of memory of 5 elements"):
        run(kernel, (1, 1, 1), (np.empty(5), a), 6)
