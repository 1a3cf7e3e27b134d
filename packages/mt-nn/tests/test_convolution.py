import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import mt_tensor as mt
from mt_nn import Conv1d, Conv2d
from mt_nn.functional import conv1d, conv2d
from mt_tensor.simple import SimpleBackend


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def oracle(x, weight, bias, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):  # noqa: PLR0913, PLR0917
    """Sum over windows of the padded image; a dilated kernel is one with zeros in it."""
    spread = np.zeros((*weight.shape[:2], *_reach(weight.shape[2:], dilation)))
    spread[:, :, :: dilation[0], :: dilation[1]] = weight
    wide = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    view = sliding_window_view(wide, spread.shape[2:], axis=(2, 3))
    view = view[:, :, :: stride[0], :: stride[1]]
    parts = zip(np.split(view, groups, 1), np.split(spread, groups), strict=True)
    products = [np.einsum("nchwij,ocij->nohw", v, w) for v, w in parts]
    return np.concatenate(products, 1) + bias[:, None, None]


def _reach(kernel, dilation):
    return [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]


GEOMETRY = [
    {},
    {"stride": (2, 1), "padding": (1, 2)},
    {"stride": (3, 2), "padding": (0, 1)},
    {"dilation": (2, 1)},
    {"dilation": (2, 3), "padding": (1, 2)},
    {"dilation": (2, 2), "stride": (2, 1), "padding": (0, 2)},
    {"dilation": (2, 3), "stride": (4, 2), "padding": (2, 3)},
    {"groups": 2},
    {"groups": 2, "dilation": (2, 1), "stride": (3, 1), "padding": (1, 0)},
]


@pytest.mark.parametrize("geometry", GEOMETRY)
def test_it_correlates(backend, geometry):
    groups = geometry.get("groups", 1)
    x, weight, bias = drawn(0, 2, 4, 7, 6), drawn(1, 6, 4 // groups, 3, 2), drawn(2, 6)
    result = conv2d(mt.tensor(x), mt.tensor(weight), mt.tensor(bias), **geometry)
    expected = oracle(x, weight, bias, **geometry)
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-12, strict=True)


@pytest.mark.parametrize("geometry", GEOMETRY)
def test_its_gradients(backend, geometry):
    groups = geometry.get("groups", 1)
    shapes = [(1, 2, 7, 6), (2, 2 // groups, 3, 2), (2,)]
    inputs = [mt.tensor(drawn(i, *shape)) for i, shape in enumerate(shapes)]
    mt.grad_check(lambda x, w, b: conv2d(x, w, b, **geometry), *inputs)


def test_one_number_is_for_both_dimensions():
    x, weight = mt.tensor(drawn(3, 1, 1, 5, 5)), mt.tensor(drawn(4, 1, 1, 3, 3))
    result = conv2d(x, weight, None, 2, 1)
    np.testing.assert_array_equal(
        result.numpy(), conv2d(x, weight, None, (2, 2), (1, 1)).numpy(), strict=True
    )


def test_one_image_has_no_batch_dimension(backend):
    x, weight, bias = drawn(5, 2, 4, 4), drawn(6, 3, 2, 2, 2), drawn(7, 3)
    result = conv2d(mt.tensor(x), mt.tensor(weight), mt.tensor(bias))
    expected = oracle(x[None], weight, bias)[0]
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
            r"input is \(2, 3, 8, 8\) and weight is \(4, 1, 3, 3\); input.shape\[-3\] = 3 must",
        ),
        (
            [(1, 1, 2, 9), (1, 1, 5, 3)],
            {"padding": 1},
            r"weight.shape\[-2\] = 5 is larger than the padded input, 2 \+ 2 \* 1",
        ),
        (
            [(1, 1, 3, 3), (2, 1, 2, 2), (1,)],
            {},
            r"conv2d: bias is \(1,\); for 2 channels it is \(2,\)",
        ),
    ],
)
def test_shapes_that_do_not_fit(shapes, options, message):
    with pytest.raises(mt.ShapeError, match=message):
        conv2d(*(mt.zeros(shape) for shape in shapes), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": 0}, "conv2d: stride must be one integer or 2, at least 1, not 0"),
        ({"stride": (1, 2, 3)}, r"stride must be one integer or 2, at least 1, not \(1, 2, 3\)"),
        ({"padding": (0, -1)}, r"padding must be one integer or 2, at least 0, not \(0, -1\)"),
        ({"padding": 0.5}, "padding must be one integer or 2, at least 0, not 0.5"),
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
    with pytest.raises(
        ValueError, match="Conv2d: kernel_size must be one integer or 2, at least 1"
    ):
        Conv2d(1, 1, 0)


@pytest.mark.parametrize(("kernel", "dilation"), [((3, 3), 1), ((2, 3), 1), ((2, 4), (3, 1))])
def test_same_keeps_the_size_and_pads_more_at_the_end(backend, kernel, dilation):
    x, weight = drawn(11, 1, 2, 5, 6), drawn(12, 3, 2, *kernel)
    dilations = (dilation, dilation) if isinstance(dilation, int) else dilation
    totals = [d * (k - 1) for d, k in zip(dilations, kernel, strict=True)]
    wide = np.pad(x, ((0, 0), (0, 0), *((t // 2, t - t // 2) for t in totals)))
    result = conv2d(mt.tensor(x), mt.tensor(weight), padding="same", dilation=dilation)
    expected = oracle(wide, weight, np.zeros(3), dilation=dilations)
    assert result.shape == (1, 3, 5, 6)
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-12)


def test_valid_is_no_padding():
    x, weight = mt.tensor(drawn(13, 1, 1, 4, 4)), mt.tensor(drawn(14, 1, 1, 2, 2))
    assert conv2d(x, weight, padding="valid").tolist() == conv2d(x, weight).tolist()


def test_a_sequence_is_an_image_of_one_row(backend):
    x, weight, bias = drawn(15, 2, 4, 9), drawn(16, 6, 2, 3), drawn(17, 6)
    options = {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}
    result = conv1d(mt.tensor(x), mt.tensor(weight), mt.tensor(bias), **options)
    expected = oracle(x[:, :, None], weight[:, :, None], bias, (1, 2), (0, 1), (1, 2), 2)
    np.testing.assert_allclose(result.numpy(), expected[:, :, 0], rtol=0, atol=1e-12, strict=True)
    one = conv1d(mt.tensor(x[0]), mt.tensor(weight), mt.tensor(bias), **options)
    np.testing.assert_allclose(one.numpy(), expected[0, :, 0], rtol=0, atol=1e-12, strict=True)


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        (
            [(1, 2, 9), (4, 2, 2, 2)],
            {},
            r"conv1d: .* weight must have 3 dimensions, as \(O, C, K\)",
        ),
        ([(2, 3, 8), (4, 1, 3)], {"groups": 2}, r"in 2 groups; input.shape\[-2\] = 3 must equal "),
        ([(2, 2, 8), (3, 1, 3)], {"groups": 2}, r"= 1 times 2, which must divide 3"),
        (
            [(1, 1, 4), (1, 1, 3)],
            {"dilation": 2},
            r"weight.shape\[-1\] = 3, dilated 5, is larger than the padded input, 4 \+ 2 \* 0",
        ),
    ],
)
def test_sequences_that_do_not_fit(shapes, options, message):
    with pytest.raises(mt.ShapeError, match=message):
        conv1d(*(mt.zeros(shape) for shape in shapes), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"padding": "wide"}, "padding must be a size, 'same' or 'valid', not 'wide'"),
        ({"padding": "same", "stride": 2}, r"padding 'same' needs stride 1, not \(2, 2\)"),
        ({"groups": 0}, "groups must be a positive integer, not 0"),
        ({"dilation": 0}, "dilation must be one integer or 2, at least 1, not 0"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=f"conv2d: {message}"):
        conv2d(mt.zeros(1, 1, 4, 4), mt.zeros(1, 1, 2, 2), **options)
    with pytest.raises(ValueError, match=f"Conv2d: {message}"):
        Conv2d(1, 1, 2, **options)


def test_layers_with_all_options_are_their_functions():
    x = mt.tensor(drawn(18, 2, 4, 9, 9))
    layer = Conv2d(4, 6, 3, 2, 1, 2, 2, bias=False)
    assert layer(x).tolist() == conv2d(x, layer.weight.value, None, 2, 1, 2, 2).tolist()
    shown = "Conv2d(4, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), "
    assert repr(layer) == shown + "groups=2, bias=False)"
    line = Conv1d(4, 6, 3, padding="same")
    assert line(x[:, :, 0]).shape == (2, 6, 9)
    assert repr(line) == "Conv1d(4, 6, kernel_size=(3,), stride=(1,), padding='same')"
    with pytest.raises(mt.ShapeError, match=r"it must be \(N, C, L\) or \(C, L\) with C = in_ch"):
        line(mt.zeros(2, 3, 9))


def test_groups_divide_the_channels():
    message = "Conv1d: in_channels = 4 and out_channels = 6 must both be multiples of groups = 4"
    with pytest.raises(ValueError, match=message):
        Conv1d(4, 6, 3, groups=4)


@pytest.mark.parametrize(("correlate", "sizes"), [(conv1d, (4,)), (conv2d, (4, 4))])
@pytest.mark.parametrize("away", ["weight", "bias"])
def test_everything_lives_on_one_backend(correlate, sizes, away):
    home = SimpleBackend()
    homes = {"weight": home, "bias": home, away: SimpleBackend()}
    x = mt.ones(2, 3, *sizes, backend=home)
    weight = mt.ones(5, 3, *[2] * len(sizes), backend=homes["weight"])
    bias = mt.ones(5, backend=homes["bias"])
    with pytest.raises(mt.BackendError, match=r"is on 'simple' and another on 'simple'; move one"):
        correlate(x, weight, bias)
