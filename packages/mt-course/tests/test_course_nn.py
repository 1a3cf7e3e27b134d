"""The course's convolution, pooling, softmax and dropout."""

import numpy as np
import pytest

import minitorch
from minitorch import FastOps, SimpleBackend, TensorBackend, fast_conv, rand, tensor

FAST = TensorBackend(FastOps)
on_each_backend = pytest.mark.parametrize("backend", [SimpleBackend, FAST], ids=["simple", "fast"])


def array(shape, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, shape)


def made(values, backend=SimpleBackend):
    return tensor(np.asarray(values).tolist(), backend=backend)


def correlate(images, kernels, sign=1):
    """Correlate by the definition: out[h, w] = sum over i, j of in[h + i, w + j] k[i, j]."""
    batch, _, height, width = images.shape
    out = np.zeros((batch, kernels.shape[0], height, width))
    for (h, w), (i, j) in pairs(out.shape[2:], kernels.shape[2:]):
        y, x = h + sign * i, w + sign * j
        if 0 <= y < height and 0 <= x < width:
            out[:, :, h, w] += images[:, :, y, x] @ kernels[:, :, i, j].T
    return out


def pairs(outer, inner):
    return ((a, b) for a in np.ndindex(*outer) for b in np.ndindex(*inner))


def test_a_row_is_anchored_at_the_left_and_padded_at_the_right():
    found = minitorch.Conv1dFun.apply(tensor([[[0, 1, 2, 3]]]), tensor([[[1, 2, 3]]]))
    assert found.to_numpy().tolist() == [[[8, 14, 8, 3]]]


@on_each_backend
def test_rows_of_several_channels(backend):
    rows, kernels = array((2, 3, 5)), array((4, 3, 2), 1)
    found = minitorch.conv1d(made(rows, backend), made(kernels, backend))
    expected = correlate(rows[:, :, None], kernels[:, :, None])[:, :, 0]
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-12)
    assert found.backend is backend


@on_each_backend
def test_images_of_several_channels(backend):
    images, kernels = array((2, 3, 4, 5)), array((4, 3, 2, 3), 1)
    found = minitorch.conv2d(made(images, backend), made(kernels, backend))
    np.testing.assert_allclose(found.to_numpy(), correlate(images, kernels), rtol=1e-12)


def test_turned_images_and_kernels():
    images, kernels = array((4, 5, 2, 3)), array((2, 3, 4, 3), 1)
    found = minitorch.conv2d(made(images).permute(2, 3, 0, 1), made(kernels).permute(2, 1, 0, 3))
    expected = correlate(images.transpose(2, 3, 0, 1), kernels.transpose(2, 1, 0, 3))
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-12)


@on_each_backend
def test_gradients_of_convolution(backend):
    minitorch.grad_check(
        minitorch.conv1d, rand((2, 2, 5), backend=backend), rand((3, 2, 3), backend=backend)
    )
    minitorch.grad_check(
        minitorch.conv2d, rand((2, 2, 4, 5), backend=backend), rand((3, 2, 2, 3), backend=backend)
    )


def test_channels_must_agree():
    with pytest.raises(AssertionError, match="their channels 2 and 3 must be equal"):
        minitorch.conv1d(rand((1, 2, 4)), rand((1, 3, 2)))


@pytest.mark.parametrize("reverse", [False, True])
def test_compiled_kernels_look_forward_or_back(reverse):
    images, kernels = array((2, 3, 4, 5)), array((4, 3, 2, 3), 1)
    out = rand((2, 4, 4, 5))
    fast_conv.tensor_conv2d(
        *out.tuple(), out.size, *made(images).tuple(), *made(kernels).tuple(), reverse
    )
    expected = correlate(images, kernels, -1 if reverse else 1)
    np.testing.assert_allclose(out.to_numpy(), expected, rtol=1e-12)
    line = rand((2, 4, 5))
    fast_conv.tensor_conv1d(
        *line.tuple(),
        line.size,
        *made(images[:, :, 0]).tuple(),
        *made(kernels[:, :, 0]).tuple(),
        reverse,
    )
    expected = correlate(images[:, :, :1], kernels[:, :, :1], -1 if reverse else 1)[:, :, 0]
    np.testing.assert_allclose(line.to_numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("kernel", [(2, 2), (2, 1), (1, 2)])
def test_pooling_by_tiles(kernel):
    images = array((2, 3, 4, 6))
    kh, kw = kernel
    tiles = images.reshape(2, 3, 4 // kh, kh, 6 // kw, kw)
    found, height, width = minitorch.tile(made(images), kernel)
    assert (height, width) == (4 // kh, 6 // kw)
    expected = tiles.transpose(0, 1, 2, 4, 3, 5).reshape(found.shape)
    np.testing.assert_array_equal(found.to_numpy(), expected)
    averages, maxima = tiles.mean((3, 5)), tiles.max((3, 5))
    np.testing.assert_allclose(minitorch.avgpool2d(made(images), kernel).to_numpy(), averages)
    np.testing.assert_allclose(minitorch.maxpool2d(made(images), kernel).to_numpy(), maxima)
    minitorch.grad_check(lambda t: minitorch.avgpool2d(t, kernel), rand((1, 1, 4, 6)))
    minitorch.grad_check(lambda t: minitorch.maxpool2d(t, kernel), rand((1, 1, 4, 6)))


def test_tiles_must_fill_the_images():
    with pytest.raises(AssertionError, match="images of 4 x 5 cannot be cut into tiles of 2 x 2"):
        minitorch.tile(rand((1, 1, 4, 5)), (2, 2))


@on_each_backend
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_the_maximum_along_a_dimension(backend, dim):
    a = array((2, 3, 4))
    t = made(a, backend)
    np.testing.assert_array_equal(minitorch.max(t, dim).to_numpy(), a.max(dim, keepdims=True))
    chosen = minitorch.argmax(t, dim).to_numpy()
    np.testing.assert_array_equal(chosen, a == a.max(dim, keepdims=True))
    minitorch.grad_check(lambda x: minitorch.max(x, dim), rand((2, 3, 4), backend=backend))


def test_a_tie_sends_the_gradient_to_all():
    t = tensor([1.0, 3.0, 3.0])
    minitorch.max(t, 0).backward()
    assert t.grad.to_numpy().tolist() == [0.0, 1.0, 1.0]
    assert minitorch.argmax(t, 0).to_numpy().tolist() == [0.0, 1.0, 1.0]


@on_each_backend
@pytest.mark.parametrize("dim", [0, 1])
def test_softmax_and_its_logarithm(backend, dim):
    a = array((3, 4)) * 5
    expected = np.exp(a) / np.exp(a).sum(dim, keepdims=True)
    t = made(a, backend)
    np.testing.assert_allclose(minitorch.softmax(t, dim).to_numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(minitorch.logsoftmax(t, dim).to_numpy(), np.log(expected), rtol=1e-9)
    minitorch.grad_check(lambda x: minitorch.softmax(x, dim), rand((3, 4), backend=backend))
    minitorch.grad_check(lambda x: minitorch.logsoftmax(x, dim), rand((3, 4), backend=backend))


def test_dropout_zeroes_a_share_and_rescales_nothing():
    ones = tensor([1.0] * 2000)
    assert minitorch.dropout(ones, 0.0).to_numpy().tolist() == [1.0] * 2000
    assert minitorch.dropout(ones, 1.0).to_numpy().tolist() == [0.0] * 2000
    assert minitorch.dropout(ones, 1.0, ignore=True) is ones
    half = minitorch.dropout(ones, 0.25).to_numpy()
    assert set(half) == {0.0, 1.0}
    assert 0.7 < half.mean() < 0.8
    minitorch.dropout(ones, 0.5).sum().backward()
    assert set(ones.grad.to_numpy()) == {0.0, 1.0}
