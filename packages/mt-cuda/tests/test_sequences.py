"""Convolution of sequences: it is that of images of height 1, by the same kernels."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_cuda.journal import Journal

mt_nn = pytest.importorskip("mt_nn", reason="needs mt-nn, which this package does not depend on")

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("length", "taps", "padding"), [(7, 3, 0), (8, 3, 1), (9, 2, 1), (4, 4, 0)]
)
def test_forward_and_both_gradients(backend, length, taps, padding):
    x, w = RNG.normal(size=(2, 3, length)), RNG.normal(size=(5, 3, taps))
    a, b = (mt.tensor(v, backend=backend, requires_grad=True) for v in (x, w))
    y = mt_nn.functional.conv1d(a, b, padding=padding)
    wide = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    view = np.lib.stride_tricks.sliding_window_view(wide, taps, axis=2)
    np.testing.assert_allclose(y.detach().numpy(), np.einsum("nclk,ock->nol", view, w), rtol=1e-12)
    grad = RNG.normal(size=y.shape)
    y.backward(mt.tensor(grad, backend=backend))
    by_weight = np.einsum("nol,nclk->ock", grad, view)
    np.testing.assert_allclose(b.grad.numpy(), by_weight, rtol=1e-10)
    by_input = np.zeros_like(wide)
    for k in range(taps):
        by_input[:, :, k : k + grad.shape[2]] += np.einsum("nol,oc->ncl", grad, w[:, :, k])
    inner = by_input[:, :, padding : wide.shape[2] - padding]
    np.testing.assert_allclose(a.grad.numpy(), inner, rtol=1e-10)


def test_one_launch_forward(backend):
    a, b = (mt.tensor(RNG.normal(size=s), backend=backend) for s in ((2, 3, 7), (5, 3, 3)))
    journal = Journal()
    with journal.opened():
        mt_nn.functional.conv1d(a, b)
    assert len(journal.launches) == 1
