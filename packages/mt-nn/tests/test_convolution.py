import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import mt_tensor as mt
from mt_nn import Conv2d
from mt_nn.functional import conv2d


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def oracle(x, weight, bias, stride, padding):
    wide = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    view = sliding_window_view(wide, weight.shape[2:], axis=(2, 3))
    products = np.einsum("nchwij,ocij->nohw", view[:, :, :: stride[0], :: stride[1]], weight)
    return products + bias[:, None, None]


GEOMETRY = [((1, 1), (0, 0)), ((2, 1), (1, 2)), ((3, 2), (0, 1))]


@pytest.mark.parametrize(("stride", "padding"), GEOMETRY)
def test_it_correlates(backend, stride, padding):  # noqa: ARG001
    x, weight, bias = drawn(0, 2, 3, 5, 4), drawn(1, 2, 3, 3, 2), drawn(2, 2)
    result = conv2d(mt.tensor(x), mt.tensor(weight), mt.tensor(bias), stride, padding)
    expected = oracle(x, weight, bias, stride, padding)
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("stride", "padding"), GEOMETRY)
def test_its_gradients(backend, stride, padding):  # noqa: ARG001
    inputs = [mt.tensor(drawn(i, *s)) for i, s in enumerate([(2, 2, 5, 4), (2, 2, 3, 2), (2,)])]
    mt.grad_check(lambda x, w, b: conv2d(x, w, b, stride, padding), *inputs)


def test_one_number_is_for_both_dimensions():
    x, weight = mt.tensor(drawn(3, 1, 1, 5, 5)), mt.tensor(drawn(4, 1, 1, 3, 3))
    result = conv2d(x, weight, None, 2, 1)
    np.testing.assert_array_equal(
        result.numpy(), conv2d(x, weight, None, (2, 2), (1, 1)).numpy(), strict=True
    )


def test_one_image_has_no_batch_dimension(backend):  # noqa: ARG001
    x, weight, bias = drawn(5, 2, 4, 4), drawn(6, 3, 2, 2, 2), drawn(7, 3)
    result = conv2d(mt.tensor(x), mt.tensor(weight), mt.tensor(bias))
    expected = oracle(x[None], weight, bias, (1, 1), (0, 0))[0]
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-12)


def test_only_what_is_wanted_is_pulled_back():
    x = mt.tensor(drawn(8, 1, 1, 3, 3))
    weight = mt.tensor(drawn(9, 1, 1, 2, 2), requires_grad=True)
    conv2d(x, weight).sum().backward()
    assert x.grad is None
    windows = sliding_window_view(x.numpy()[0, 0], (2, 2))
    np.testing.assert_allclose(weight.grad.numpy()[0, 0], windows.sum((0, 1)), rtol=1e-13)


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        ([(3, 3), (1, 1, 2, 2)], {}, r"input is \(3, 3\), of 2 dimension\(s\); it must have 3 or"),
        ([(1, 2, 3, 3), (4, 2, 2)], {}, r"weight must have 4 dimensions, as \(O, C, KH, KW\)"),
        (
            [(2, 3, 8, 8), (4, 1, 3, 3)],
            {},
            r"input is \(2, 3, 8, 8\) and weight is \(4, 1, 3, 3\); input.shape\[1\] = 3 must",
        ),
        (
            [(1, 1, 2, 9), (1, 1, 5, 3)],
            {"padding": 1},
            r"weight.shape\[2\] = 5 is larger than the padded image, 2 \+ 2 \* 1",
        ),
        ([(1, 1, 3, 3), (2, 1, 2, 2), (1,)], {}, r"bias is \(1,\) and must be \(2,\)"),
    ],
)
def test_shapes_that_do_not_fit(shapes, options, message):
    with pytest.raises(mt.ShapeError, match=message):
        conv2d(*(mt.zeros(shape) for shape in shapes), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": 0}, "conv2d: stride must be one or two integers from 1, not 0"),
        ({"stride": (1, 2, 3)}, r"stride must be one or two integers from 1, not \(1, 2, 3\)"),
        ({"padding": (0, -1)}, r"padding must be one or two integers from 0, not \(0, -1\)"),
        ({"padding": 0.5}, "padding must be one or two integers from 0, not 0.5"),
    ],
)
def test_sizes_that_are_none(options, message):
    with pytest.raises(ValueError, match=message):
        conv2d(mt.zeros(1, 1, 3, 3), mt.zeros(1, 1, 2, 2), **options)


def test_dtypes_that_differ():
    with pytest.raises(mt.DTypeError, match="input is float64 and weight is float32"):
        conv2d(mt.zeros(1, 1, 3, 3), mt.zeros(1, 1, 2, 2, dtype="float32"))


def test_the_layer_is_its_function(backend):
    layer = Conv2d(2, 3, (3, 2), stride=2, padding=(1, 0), backend=backend)
    x = drawn(10, 2, 2, 4, 4)
    weight, bias = (p.value.detach().numpy() for p in layer.parameters())
    result = layer(mt.tensor(x)).detach().numpy()
    expected = oracle(x, weight, bias, (2, 2), (1, 0))
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)


def test_it_starts_uniform_within_one_over_the_root_of_the_fan_in():
    layer = Conv2d(4, 50, 5, generator=mt.Generator(0))
    for value in (p.value.detach().numpy() for p in layer.parameters()):
        assert 0.09 < abs(value).max() <= 0.1


def test_the_layer_shows_its_sizes():
    assert repr(Conv2d(1, 4, 3)) == "Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1))"
    layer = Conv2d(1, 4, 3, 2, 1, bias=False)
    shown = "Conv2d(1, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), bias=False)"
    assert repr(layer) == shown


def test_it_says_which_layer_and_which_shapes():
    with pytest.raises(
        mt.ShapeError,
        match=r"Conv2d\(2, 3, kernel_size=\(2, 2\), stride=\(1, 1\)\): input is \(1, 5, 4, 4\) and "
        r"weight is \(3, 2, 2, 2\); it must be .* with C = in_channels = 2",
    ):
        Conv2d(2, 3, 2)(mt.zeros(1, 5, 4, 4))


def test_channels_that_are_none():
    with pytest.raises(ValueError, match="Conv2d: out_channels must be a positive integer, not 0"):
        Conv2d(1, 0, 3)
    with pytest.raises(ValueError, match="Conv2d: kernel_size must be one or two integers from 1"):
        Conv2d(1, 1, 0)
