import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Linear
from mt_nn.functional import linear
from mt_tensor.simple import SimpleBackend


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("lead", [(), (3,), (2, 3), (2, 1, 3), (0,)])
def test_it_maps_the_last_dimension(backend, lead):
    x, weight, bias = drawn(0, *lead, 4), drawn(1, 5, 4), drawn(2, 5)
    result = linear(mt.tensor(x), mt.tensor(weight), mt.tensor(bias))
    assert result.shape == (*lead, 5)
    np.testing.assert_allclose(result.numpy(), x @ weight.T + bias, rtol=0, atol=1e-13)


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_its_gradients(backend, lead):
    x, weight, bias = (mt.tensor(drawn(i, *s)) for i, s in enumerate([(*lead, 4), (5, 4), (5,)]))
    mt.grad_check(linear, x, weight, bias)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (
            [(2, 3), (5, 4), (5,)],
            r"input is \(2, 3\) and weight is \(5, 4\); input.shape\[-1\] = 3 must equal .* = 4",
        ),
        ([(2, 4), (5, 4, 1), (5,)], r"weight is \(5, 4, 1\), not \(\*, I\), \(O, I\)"),
        ([(), (5, 4), (5,)], r"input is \(\) and weight is"),
        ([(2, 4), (5, 4), (4,)], r"weight is \(5, 4\) and bias is \(4,\); bias must be \(5,\)"),
    ],
)
def test_shapes_that_do_not_fit(shapes, message):
    with pytest.raises(mt.ShapeError, match=message):
        linear(*(mt.zeros(shape) for shape in shapes))


def test_dtypes_that_differ():
    x, weight = mt.zeros(2, 3, dtype="float32"), mt.zeros(4, 3, dtype="float64")
    with pytest.raises(mt.DTypeError, match="input is float32 and weight is float64; move one"):
        linear(x, weight)
    with pytest.raises(mt.DTypeError, match="input is int64; only floats compute"):
        linear(x.to("int64"), weight)


def test_the_layer_is_its_function(backend):
    layer = Linear(3, 2, backend=backend, generator=mt.Generator(1))
    x = drawn(3, 4, 3)
    weight, bias = (p.value.detach().numpy() for p in layer.parameters())
    result = layer(mt.tensor(x)).detach().numpy()
    np.testing.assert_allclose(result, x @ weight.T + bias, rtol=0, atol=1e-13)


def test_without_a_bias_there_is_none():
    layer = Linear(3, 2, bias=False)
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    assert repr(layer) == "Linear(in_features=3, out_features=2, bias=False)"


def test_it_starts_uniform_within_one_over_the_root_of_the_fan_in():
    layer = Linear(100, 200, generator=mt.Generator(0))
    for value in (p.value.detach().numpy() for p in layer.parameters()):
        assert abs(value).max() <= 0.1
        assert abs(value).max() > 0.09
        assert abs(value.mean()) < 0.02


def test_a_seed_gives_the_same_weights_everywhere(backend):
    here = Linear(4, 3, backend=backend, dtype="float32", generator=mt.Generator(5)).state()
    there = Linear(4, 3, backend="simple", dtype="float64", generator=mt.Generator(5)).state()
    for name, value in there.items():
        rounded = value.detach().numpy().astype(np.float32)
        np.testing.assert_array_equal(here[name].detach().numpy(), rounded)


def test_it_says_which_layer_and_which_shapes():
    with pytest.raises(
        mt.ShapeError,
        match=r"Linear\(in_features=3, out_features=2\): input is \(5, 4\) and weight is "
        r"\(2, 3\); the last dimension of the input must be in_features = 3",
    ):
        Linear(3, 2)(mt.zeros(5, 4))


def test_an_input_of_another_dtype_is_told_apart_from_one_that_does_not_fit():
    layer = Linear(3, 2, dtype="float64")
    with pytest.raises(mt.DTypeError, match="input is float32 and weight is float64; move one"):
        layer(mt.zeros(5, 3, dtype="float32"))
    for narrow in (mt.zeros(5, 4, dtype="float32"), mt.zeros((), dtype="float32")):
        with pytest.raises(mt.ShapeError, match="must be in_features = 3") as caught:
            layer(narrow)
        assert caught.value.__suppress_context__


def test_a_bias_that_was_replaced_by_one_that_does_not_fit():
    layer = Linear(3, 2)
    layer.bias.update(mt.zeros(4))
    with pytest.raises(mt.ShapeError, match=r"weight is \(2, 3\) and bias is \(4,\); bias must be"):
        layer(mt.zeros(5, 3))


@pytest.mark.parametrize("sizes", [(0, 2), (-1, 2), (2.5, 2)])
def test_sizes_that_are_none(sizes):
    with pytest.raises(ValueError, match="Linear: in_features must be a positive integer, not"):
        Linear(*sizes)


@pytest.mark.parametrize("away", ["weight", "bias"])
def test_everything_lives_on_one_backend(away):
    home = SimpleBackend()
    homes = {"weight": home, "bias": home, away: SimpleBackend()}
    weight, bias = mt.ones(5, 3, backend=homes["weight"]), mt.ones(5, backend=homes["bias"])
    with pytest.raises(mt.BackendError, match=r"is on 'simple' and another on 'simple'; move one"):
        linear(mt.ones(2, 3, backend=home), weight, bias)
