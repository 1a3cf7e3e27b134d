import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import GroupNorm, LayerNorm, RMSNorm
from mt_nn.functional import group_norm, layer_norm, rms_norm


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape) * 2.0 + 1.0


def standard(x, axes, eps):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


@pytest.mark.parametrize("shape", [(4,), (3, 4)])
def test_layer_norm_is_over_the_last_dimensions(backend, shape):
    x, weight, bias = drawn(0, 2, 3, 4), drawn(1, *shape), drawn(2, *shape)
    axes = tuple(range(3 - len(shape), 3))
    result = layer_norm(mt.tensor(x), shape, mt.tensor(weight), mt.tensor(bias), eps=0.1)
    expected = standard(x, axes, 0.1) * weight + bias
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-13, strict=True)
    plain = layer_norm(mt.tensor(x), shape).numpy()
    np.testing.assert_allclose(plain, standard(x, axes, 1e-5), rtol=0, atol=1e-13)


def test_rms_norm_leaves_the_mean(backend):
    x, weight = drawn(3, 2, 3, 4), drawn(4, 4)
    result = rms_norm(mt.tensor(x), (4,), mt.tensor(weight), eps=0.1)
    expected = x / np.sqrt((x**2).mean(-1, keepdims=True) + 0.1) * weight
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-13, strict=True)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_eps_of_rms_norm_is_the_precision(dtype):
    tiny = 1e-9
    result = rms_norm(mt.full((1, 2), tiny, dtype=dtype), (2,)).numpy()
    expected = tiny / np.sqrt(tiny**2 + np.finfo(dtype).eps)
    np.testing.assert_allclose(result, expected, rtol=1e-5)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_group_norm_is_over_groups_of_channels(backend, groups):
    x, weight, bias = drawn(5, 2, 4, 3, 2), drawn(6, 4), drawn(7, 4)
    result = group_norm(mt.tensor(x), groups, mt.tensor(weight), mt.tensor(bias))
    normal = standard(x.reshape(2, groups, -1), 2, 1e-5).reshape(x.shape)
    expected = normal * weight[:, None, None] + bias[:, None, None]
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-13, strict=True)


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (lambda x, w, b: layer_norm(x, (3, 4), w, b), [(2, 3, 4), (3, 4), (3, 4)]),
        (lambda x, w: rms_norm(x, (4,), w, 0.1), [(2, 3, 4), (4,)]),
        (lambda x, w, b: group_norm(x, 2, w, b), [(2, 4, 3), (4,), (4,)]),
    ],
)
def test_gradients(backend, call, shapes):
    mt.grad_check(call, *(mt.tensor(drawn(i, *shape)) for i, shape in enumerate(shapes)))


def test_a_constant_signal_is_zero_not_undefined():
    assert layer_norm(mt.full((2, 3), 5.0), (3,)).tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: layer_norm(mt.zeros(2, 3), (4,)),
            mt.ShapeError,
            r"layer_norm: input is \(2, 3\); it must end in normalized_shape = \(4,\)",
        ),
        (lambda: layer_norm(mt.zeros(2, 3), ()), mt.ShapeError, r"end in normalized_shape = \(\)"),
        (
            lambda: rms_norm(mt.zeros(2, 3), (3,), mt.zeros(2)),
            mt.ShapeError,
            r"rms_norm: weight is \(2,\); it must be \(3,\)",
        ),
        (
            lambda: group_norm(mt.zeros(3), 1),
            mt.ShapeError,
            r"group_norm: input is \(3,\); it must",
        ),
        (
            lambda: group_norm(mt.zeros(2, 3), 2),
            ValueError,
            r"num_groups = 2 must divide input.shape\[1\] = 3",
        ),
        (lambda: group_norm(mt.zeros(2, 3), 0), ValueError, "num_groups must be a positive"),
        (
            lambda: group_norm(mt.zeros(2, 4), 2, bias=mt.zeros(2)),
            mt.ShapeError,
            r"group_norm: bias is \(2,\); it must be \(4,\)",
        ),
        (
            lambda: layer_norm(mt.zeros(2, 3, dtype="float32"), (3,), mt.zeros(3)),
            mt.DTypeError,
            "layer_norm: input is float32 and weight is float64",
        ),
    ],
)
def test_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("layer", "function", "shape"),
    [
        (LayerNorm((3, 4)), lambda x: layer_norm(x, (3, 4)), (2, 3, 4)),
        (
            LayerNorm(4, 0.1, elementwise_affine=False),
            lambda x: layer_norm(x, (4,), eps=0.1),
            (2, 4),
        ),
        (RMSNorm(4), lambda x: rms_norm(x, (4,)), (2, 3, 4)),
        (GroupNorm(2, 4), lambda x: group_norm(x, 2), (2, 4, 3)),
    ],
)
def test_layers_start_as_their_functions(layer, function, shape):
    x = mt.tensor(drawn(8, *shape))
    assert layer(x).tolist() == function(x).tolist()


def test_what_layers_learn():
    def names(layer):
        return [name for name, _ in layer.named_parameters()]

    assert names(LayerNorm(2)) == names(GroupNorm(1, 2)) == ["weight", "bias"]
    assert names(LayerNorm(2, bias=False)) == names(RMSNorm(2)) == ["weight"]
    assert names(GroupNorm(1, 2, affine=False)) == []
    assert repr(LayerNorm(2)) == "LayerNorm((2,), eps=1e-05)"
    assert repr(RMSNorm(2)) == "RMSNorm((2,), eps=None)"
    assert repr(GroupNorm(1, 2)) == "GroupNorm(1, 2, eps=1e-05)"


def test_what_layers_refuse():
    with pytest.raises(ValueError, match="LayerNorm: normalized_shape must be a positive integer"):
        LayerNorm((2, 0))
    with pytest.raises(ValueError, match="RMSNorm: normalized_shape is empty"):
        RMSNorm(())
    with pytest.raises(ValueError, match="GroupNorm: num_groups = 2 must divide num_channels = 3"):
        GroupNorm(2, 3)
    with pytest.raises(
        mt.ShapeError, match=r"GroupNorm\(2, 4.*input is \(1, 3\); it must have 2 or"
    ):
        GroupNorm(2, 4)(mt.zeros(1, 3))
