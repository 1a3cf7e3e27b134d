"""What a gradient that is nearly zero changes for sequences: the time, and what 0 has met."""

import numpy as np
import pytest

from mt_fast.backend import FastBackend
from mt_fast.kernels.convolution1d import FEW

BACKEND = FastBackend()
N, C, L, K, KERNELS = 2, 3, 40, 4, 13
SHAPE = (N, KERNELS, L - K + 1)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def gradients(grad, x, weight):
    by_weight, by_bias = (
        BACKEND.from_array(np.zeros((KERNELS, C, K))),
        BACKEND.from_array(np.zeros(KERNELS)),
    )
    by_input = BACKEND.from_array(np.zeros((N, C, L)))
    g, a, w = map(BACKEND.from_array, (grad, x, weight))
    BACKEND.conv1d_by_weight(by_weight, by_bias, g, a, 1, 0)
    BACKEND.conv1d_by_input(by_input, g, w, 1, 0)
    return [BACKEND.to_array(t) for t in (by_weight, by_bias, by_input)]


def expected(grad, x, weight):
    windows = np.lib.stride_tricks.sliding_window_view(x, K, 2)
    by_input = np.zeros(x.shape)
    for place in range(grad.shape[2]):
        by_input[:, :, place : place + K] += np.einsum("no,ock->nck", grad[:, :, place], weight)
    return np.einsum("nol,nclk->ock", grad, windows), grad.sum((0, 2)), by_input


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_both_sides_of_where_few_becomes_many(more):
    grad = np.zeros(SHAPE)
    for n in range(N):
        count = grad[n].size // FEW + more
        places = np.random.default_rng(n).permutation(grad[n].size)[:count]
        grad[n].reshape(-1)[places] = drawn(count, seed=n)
    x, weight = drawn(N, C, L, seed=2), drawn(KERNELS, C, K, seed=3)
    for found, wanted in zip(gradients(grad, x, weight), expected(grad, x, weight), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


def test_where_few_count_zero_times_infinity_is_zero():
    grad, x, weight = np.zeros(SHAPE), drawn(N, C, L), drawn(KERNELS, C, K)
    grad[0, 0, 0] = 2.0
    x[0, :, 30], weight[1] = np.inf, np.nan
    by_weight, by_bias, by_input = gradients(grad, x, weight)
    np.testing.assert_allclose(by_weight[0], 2.0 * x[0, :, :K])
    assert not by_weight[1:].any()
    assert by_bias.tolist() == [2.0] + [0.0] * (KERNELS - 1)
    np.testing.assert_allclose(by_input[0, :, :K], 2.0 * weight[0])
    assert not by_input[0, :, K:].any()


def test_nan_in_a_gradient_counts():
    grad, x, weight = np.zeros(SHAPE), drawn(N, C, L), drawn(KERNELS, C, K)
    grad[1, 2, 3] = np.nan
    by_weight, by_bias, by_input = gradients(grad, x, weight)
    assert np.isnan(by_weight).any((1, 2)).tolist() == [o == 2 for o in range(KERNELS)]
    assert np.isnan(by_bias).tolist() == [o == 2 for o in range(KERNELS)]
    assert np.isnan(by_input[1]).any(0).tolist() == [3 <= place < 3 + K for place in range(L)]
