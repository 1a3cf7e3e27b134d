import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import mt_tensor as mt
from mt_nn import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from mt_nn.functional import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def windows(x, kernel, stride):
    return sliding_window_view(x, kernel, axis=(2, 3))[:, :, :: stride[0], :: stride[1]]


GEOMETRY = [((2, 2), None), ((3, 2), (1, 2)), ((1, 3), (3, 1))]
FUNCTIONS = [(avg_pool2d, np.mean), (max_pool2d, np.max)]


@pytest.mark.parametrize(("kernel", "stride"), GEOMETRY)
@pytest.mark.parametrize(("pool", "reduce"), FUNCTIONS)
def test_it_reduces_every_full_window(backend, pool, reduce, kernel, stride):
    x = drawn(0, 2, 2, 5, 5)
    result = pool(mt.tensor(x), kernel, stride)
    expected = reduce(windows(x, kernel, stride or kernel), axis=(4, 5))
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-13, strict=True)


@pytest.mark.parametrize(("kernel", "stride"), GEOMETRY)
@pytest.mark.parametrize(("pool", "_"), FUNCTIONS)
def test_its_gradients(backend, pool, _, kernel, stride):
    order = np.random.default_rng(1).permutation(100).reshape(2, 2, 5, 5)
    mt.grad_check(lambda x: pool(x, kernel, stride), mt.tensor(order / 10))


def test_the_first_of_equal_maxima_takes_the_gradient(backend):
    x = mt.tensor([[[[1.0, 2.0], [2.0, 2.0]]]], requires_grad=True)
    max_pool2d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[[0.0, 1.0], [0.0, 0.0]]]]


@pytest.mark.parametrize("pool", [avg_pool2d, max_pool2d])
def test_one_image_has_no_batch_dimension(backend, pool):
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
        match=rf"{name}: kernel_size \(3, 3\) is larger than the padded input: the input ends in",
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


def covered(x, kernel, stride, padding, value):
    """Yield what is left of each window that begins in the image, or before it."""
    wide = np.pad(x, [(p, p) for p in padding], constant_values=value)
    starts = [
        range(0, n + p, s)[: -(-(n + 2 * p - k) // s) + 1]
        for n, k, s, p in zip(x.shape, kernel, stride, padding, strict=True)
    ]
    for i in starts[0]:
        yield [wide[i : i + kernel[0], j : j + kernel[1]] for j in starts[1]]


@pytest.mark.parametrize("geometry", [((3, 2), (2, 2), (1, 1)), ((2, 4), (3, 3), (0, 2))])
def test_ceil_mode_takes_windows_that_reach_over_the_edge(backend, geometry):
    x = drawn(4, 6, 7)
    image = mt.tensor(x[None])
    rows = covered(x, *geometry, -np.inf)
    expected = [[w.max() for w in row] for row in rows]
    assert max_pool2d(image, *geometry, ceil_mode=True)[0].tolist() == expected
    expected = [[w.mean() for w in row] for row in covered(x, *geometry, 0.0)]
    result = avg_pool2d(image, *geometry, ceil_mode=True)[0].numpy()
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-14)
    expected = [[np.nanmean(w) for w in row] for row in covered(x, *geometry, np.nan)]
    result = avg_pool2d(image, *geometry, ceil_mode=True, count_include_pad=False)[0].numpy()
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-14)


def test_a_divisor_replaces_the_count():
    x = mt.tensor(np.arange(4.0).reshape(1, 2, 2))
    assert avg_pool2d(x, 2, divisor_override=3).tolist() == [[[2.0]]]


@pytest.mark.parametrize(("pool", "reduce"), [(avg_pool1d, np.mean), (max_pool1d, np.max)])
def test_sequences(backend, pool, reduce):
    x = drawn(5, 2, 3, 9)
    expected = reduce(sliding_window_view(x, 4, axis=2)[:, :, ::2], axis=3)
    result = pool(mt.tensor(x), 4, 2).numpy()
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-14, strict=True)
    result = pool(mt.tensor(x[0]), 4, 2).numpy()
    np.testing.assert_allclose(result, expected[0], rtol=0, atol=1e-14, strict=True)
    mt.grad_check(lambda t: pool(t, 3, 2, 1), mt.tensor(x))


@pytest.mark.parametrize("pool", [avg_pool1d, avg_pool2d, max_pool1d, max_pool2d])
def test_padding_of_more_than_half_a_window(pool):
    with pytest.raises(ValueError, match=rf"{pool.__name__}: padding \(2,.*at most half of kernel"):
        pool(mt.zeros(1, 9, 9), 3, padding=2)


@pytest.mark.parametrize(
    ("layer", "function", "shape"),
    [
        (AvgPool1d(3, 2, 1), lambda x: avg_pool1d(x, 3, 2, 1), (2, 9)),
        (
            MaxPool1d(3, 2, 1, ceil_mode=True),
            lambda x: max_pool1d(x, 3, 2, 1, ceil_mode=True),
            (2, 8),
        ),
        (
            AvgPool2d(3, 2, 1, count_include_pad=False),
            lambda x: avg_pool2d(x, 3, 2, 1, count_include_pad=False),
            (1, 6, 7),
        ),
    ],
)
def test_layers_with_options(layer, function, shape):
    x = mt.tensor(drawn(6, *shape))
    assert layer(x).tolist() == function(x).tolist()
    assert "padding=(1," in repr(layer)
