import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from mt_cuda import convolution
from mt_cuda.convolution import MOST_TAPS
from mt_cuda.kernels.convolution import GROUP

RNG = np.random.default_rng(0)


def correlate(x, weight, stride, padding):
    wide = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    view = sliding_window_view(wide, weight.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", view[:, :, :: stride[0], :: stride[1]], weight)


@pytest.mark.parametrize("channels", [1, GROUP - 1, GROUP, GROUP + 1])
def test_groups_of_channels_have_edges(backend, place, channels):
    x, weight = RNG.normal(size=(2, channels, 4, 5)), RNG.normal(size=(channels, channels, 2, 3))
    wanted = correlate(x, weight, (1, 1), (1, 0))
    out = backend.allocate(wanted.shape, x.dtype)
    backend.conv2d(out, place(x), place(weight), None, (1, 1), (1, 0))
    np.testing.assert_allclose(backend.to_array(out), wanted, atol=1e-12)


@pytest.mark.parametrize("channels", [GROUP - 1, GROUP + 1])
def test_the_gradients_are_adjoint(backend, place, channels):
    shape, stride, padding = (2, channels, 5, 4), (2, 1), (1, 1)
    x, weight = RNG.normal(size=shape), RNG.normal(size=(channels, channels, 3, 2))
    y = correlate(x, weight, stride, padding)
    grad = RNG.normal(size=y.shape)
    to_x = backend.allocate(x.shape, x.dtype)
    backend.conv2d_by_input(to_x, place(grad), place(weight), stride, padding)
    to_weight = backend.allocate(weight.shape, x.dtype)
    to_bias = backend.allocate((channels,), x.dtype)
    backend.conv2d_by_weight(to_weight, to_bias, place(grad), place(x), stride, padding)
    np.testing.assert_allclose(backend.to_array(to_bias), grad.sum((0, 2, 3)), atol=1e-12)
    expected = (y * grad).sum()
    np.testing.assert_allclose((backend.to_array(to_x) * x).sum(), expected, rtol=1e-10)
    np.testing.assert_allclose((backend.to_array(to_weight) * weight).sum(), expected, rtol=1e-10)


def test_weights_are_summed_in_parts(backend, place, monkeypatch):
    monkeypatch.setattr(convolution, "LEAST_PIXELS", 4)
    monkeypatch.setattr(convolution, "ENOUGH_BLOCKS", 12)
    x, grad = RNG.normal(size=(3, 2, 4, 4)), RNG.normal(size=(3, 2, 3, 3))
    out = backend.allocate((2, 2, 2, 2), x.dtype)
    backend.conv2d_by_weight(out, None, place(grad), place(x), (1, 1), (0, 0))
    view = sliding_window_view(x, (2, 2), axis=(2, 3))
    wanted = np.einsum("nchwij,nohw->ocij", view, grad)
    np.testing.assert_allclose(backend.to_array(out), wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("channels", "direct"), [(MOST_TAPS // 4, True), (MOST_TAPS // 4 + 1, False)]
)
def test_many_weights_go_by_the_matrix_product(backend, place, channels, direct):
    x, weight = RNG.normal(size=(1, channels, 2, 2)), RNG.normal(size=(1, channels, 2, 2))
    out = backend.allocate((1, 1, 1, 1), x.dtype)
    assert convolution.is_direct(out, place(weight)) is direct
    backend.conv2d(out, place(x), place(weight), None, (1, 1), (0, 0))
    np.testing.assert_allclose(backend.to_array(out), [[[[(x * weight).sum()]]]], rtol=1e-12)
