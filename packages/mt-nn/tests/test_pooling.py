import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import mt_tensor as mt
from mt_nn import AvgPool2d, MaxPool2d
from mt_nn.functional import avg_pool2d, max_pool2d


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def windows(x, kernel, stride):
    return sliding_window_view(x, kernel, axis=(2, 3))[:, :, :: stride[0], :: stride[1]]


GEOMETRY = [((2, 2), None), ((3, 2), (1, 2)), ((1, 3), (3, 1))]
FUNCTIONS = [(avg_pool2d, np.mean), (max_pool2d, np.max)]


@pytest.mark.parametrize(("kernel", "stride"), GEOMETRY)
@pytest.mark.parametrize(("pool", "reduce"), FUNCTIONS)
def test_it_reduces_every_full_window(backend, pool, reduce, kernel, stride):  # noqa: ARG001
    x = drawn(0, 2, 2, 5, 5)
    result = pool(mt.tensor(x), kernel, stride)
    expected = reduce(windows(x, kernel, stride or kernel), axis=(4, 5))
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-13, strict=True)


@pytest.mark.parametrize(("kernel", "stride"), GEOMETRY)
@pytest.mark.parametrize(("pool", "_"), FUNCTIONS)
def test_its_gradients(backend, pool, _, kernel, stride):  # noqa: ARG001
    order = np.random.default_rng(1).permutation(100).reshape(2, 2, 5, 5)
    mt.grad_check(lambda x: pool(x, kernel, stride), mt.tensor(order / 10))


def test_the_first_of_equal_maxima_takes_the_gradient(backend):  # noqa: ARG001
    x = mt.tensor([[[[1.0, 2.0], [2.0, 2.0]]]], requires_grad=True)
    max_pool2d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[[0.0, 1.0], [0.0, 0.0]]]]


@pytest.mark.parametrize("pool", [avg_pool2d, max_pool2d])
def test_one_image_has_no_batch_dimension(backend, pool):  # noqa: ARG001
    x = drawn(2, 3, 4, 4)
    result = pool(mt.tensor(x), 2)
    np.testing.assert_array_equal(
        result.numpy(), pool(mt.tensor(x[None]), 2).numpy()[0], strict=True
    )


@pytest.mark.parametrize("pool", [avg_pool2d, max_pool2d])
def test_what_does_not_fit(pool):
    name = pool.__name__
    with pytest.raises(
        mt.ShapeError,
        match=rf"{name}: kernel_size \(3, 3\) is larger than the image of",
    ):
        pool(mt.zeros(1, 2, 4), 3)
    with pytest.raises(mt.ShapeError, match=rf"{name}: input is \(4, 4\), of 2 dimension"):
        pool(mt.zeros(4, 4), 2)
    with pytest.raises(ValueError, match=f"{name}: kernel_size must be one integer or 2"):
        pool(mt.zeros(1, 4, 4), 0)
    with pytest.raises(ValueError, match=f"{name}: stride must be one integer or 2"):
        pool(mt.zeros(1, 4, 4), 2, 0)
    with pytest.raises(mt.DTypeError, match=f"{name}: input is int64; only floats compute"):
        pool(mt.zeros(1, 4, 4, dtype="int64"), 2)


@pytest.mark.parametrize(("kind", "pool"), [(AvgPool2d, avg_pool2d), (MaxPool2d, max_pool2d)])
def test_the_layer_is_its_function(kind, pool):
    x = mt.tensor(drawn(3, 1, 2, 5, 5))
    layer = kind((3, 2), 1)
    np.testing.assert_array_equal(layer(x).numpy(), pool(x, (3, 2), 1).numpy(), strict=True)
    assert repr(layer) == f"{kind.__name__}(kernel_size=(3, 2), stride=(1, 1))"
    assert repr(kind(4)) == f"{kind.__name__}(kernel_size=(4, 4), stride=(4, 4))"
    with pytest.raises(ValueError, match=f"{kind.__name__}: kernel_size must be one integer or 2"):
        kind(-1)
