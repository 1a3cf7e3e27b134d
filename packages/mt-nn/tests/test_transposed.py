"""Transposed convolution, as the adjoint of a sum over windows."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import ConvTranspose1d, ConvTranspose2d
from mt_nn.functional import conv_transpose1d, conv_transpose2d


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def oracle(x, weight, bias, stride, padding, output_padding, groups, dilation):  # noqa: PLR0913, PLR0917
    """Add the kernel, weighted by each element, where the element is spread to."""
    (n, channels, height, width), (_, kernels, kh, kw) = x.shape, weight.shape
    reach = [
        (m - 1) * s + d * (k - 1) + 1
        for m, s, d, k in zip((height, width), stride, dilation, (kh, kw), strict=True)
    ]
    wide = np.zeros(
        (n, kernels * groups, *(r + e for r, e in zip(reach, output_padding, strict=True)))
    )
    for c, h, w, i, j in np.ndindex(channels, height, width, kh, kw):
        first = c // (channels // groups) * kernels
        at = (h * stride[0] + i * dilation[0], w * stride[1] + j * dilation[1])
        for o in range(kernels):
            wide[:, first + o, at[0], at[1]] += x[:, c, h, w] * weight[c, o, i, j]
    cut = wide[
        :, :, padding[0] : wide.shape[2] - padding[0], padding[1] : wide.shape[3] - padding[1]
    ]
    return cut + bias[:, None, None]


GEOMETRY = [
    ((1, 1), (0, 0), (0, 0), 1, (1, 1)),
    ((2, 3), (1, 0), (1, 2), 1, (1, 1)),
    ((2, 1), (0, 1), (0, 0), 2, (1, 2)),
    ((3, 2), (1, 1), (2, 0), 2, (2, 3)),
]


@pytest.mark.parametrize("geometry", GEOMETRY)
def test_it_spreads(backend, geometry):
    x, weight, bias = drawn(0, 2, 4, 3, 4), drawn(1, 4, 3, 2, 3), drawn(2, 3 * geometry[3])
    result = conv_transpose2d(mt.tensor(x), mt.tensor(weight), mt.tensor(bias), *geometry)
    expected = oracle(x, weight, bias, *geometry)
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-12, strict=True)


@pytest.mark.parametrize("geometry", GEOMETRY)
def test_its_gradients(backend, geometry):
    shapes = [(1, 2, 3, 3), (2, 1, 2, 3), (geometry[3],)]
    inputs = [mt.tensor(drawn(i, *shape)) for i, shape in enumerate(shapes)]
    mt.grad_check(lambda x, w, b: conv_transpose2d(x, w, b, *geometry), *inputs)


def test_a_sequence_is_an_image_of_one_row():
    x, weight, bias = drawn(3, 2, 2, 5), drawn(4, 2, 3, 2), drawn(5, 3)
    result = conv_transpose1d(mt.tensor(x), mt.tensor(weight), mt.tensor(bias), 2, 1, 1)
    expected = oracle(x[:, :, None], weight[:, :, None], bias, (1, 2), (0, 1), (0, 1), 1, (1, 1))
    np.testing.assert_allclose(result.numpy(), expected[:, :, 0], rtol=0, atol=1e-12, strict=True)


def test_one_image_has_no_batch_dimension():
    x, weight = mt.tensor(drawn(6, 2, 3, 3)), mt.tensor(drawn(7, 2, 3, 2, 2))
    whole = conv_transpose2d(x.unsqueeze(0), weight).numpy()
    np.testing.assert_array_equal(conv_transpose2d(x, weight).numpy(), whole[0], strict=True)


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        ([(3, 3), (1, 1, 2, 2)], {}, r"conv_transpose2d: input is \(3, 3\), of 2 dimension"),
        ([(1, 2, 3, 3), (2, 2)], {}, r"weight must have 4 dimensions, as \(C, O, KH, KW\)"),
        (
            [(1, 2, 3, 3), (3, 1, 2, 2)],
            {},
            r"input.shape\[-3\] = 2 must equal weight.shape\[0\] = 3 and be a multiple of",
        ),
        ([(1, 3, 3, 3), (3, 1, 2, 2)], {"groups": 2}, r"be a multiple of groups = 2"),
        ([(1, 1, 3, 3), (1, 2, 2, 2), (1,)], {}, r"bias is \(1,\); for 2 channels it is \(2,\)"),
        (
            [(1, 1, 1, 1), (1, 1, 2, 2)],
            {"padding": 1},
            r"padding \(1, 1\) leaves a result of 0 x 0",
        ),
    ],
)
def test_shapes_that_do_not_fit(shapes, options, message):
    with pytest.raises(mt.ShapeError, match=message):
        conv_transpose2d(*(mt.zeros(shape) for shape in shapes), **options)


def test_numbers_out_of_range():
    x, weight = mt.zeros(1, 1, 3, 3), mt.zeros(1, 1, 2, 2)
    message = r"output_padding \(2, 2\) must be less than the stride \(2, 2\)"
    with pytest.raises(ValueError, match=message):
        conv_transpose2d(x, weight, stride=2, output_padding=2)
    with pytest.raises(ValueError, match="groups must be a positive integer, not 0"):
        conv_transpose2d(x, weight, groups=0)
    with pytest.raises(mt.DTypeError, match="input is float64 and weight is float32"):
        conv_transpose2d(x, weight.to("float32"))


@pytest.mark.parametrize(
    ("make", "function", "shape"),
    [
        (ConvTranspose2d, conv_transpose2d, (2, 4, 3, 3)),
        (ConvTranspose1d, conv_transpose1d, (2, 4, 5)),
    ],
)
def test_the_layer_is_its_function(make, function, shape):
    layer = make(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=2)
    x = mt.tensor(drawn(8, *shape))
    result = function(x, layer.weight.value, layer.bias.value, 2, 1, 1, 2, 2)
    assert layer(x).tolist() == result.tolist()
    assert "output_padding=" in repr(layer)
    assert layer.weight.value.shape[:2] == (4, 3)
