import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import BatchNorm1d, BatchNorm2d
from mt_nn.functional import batch_norm


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape) * 2.0 + 1.0


def channels(array):
    return array[:, None, None]


def test_training_uses_the_batch_and_moves_the_statistics(backend):
    x, weight, bias = drawn(0, 3, 2, 4, 5), drawn(1, 2), drawn(2, 2)
    mean, var = mt.tensor(np.array([1.0, 2.0])), mt.tensor(np.array([3.0, 4.0]))
    result = batch_norm(
        mt.tensor(x), mean, var, mt.tensor(weight), mt.tensor(bias), training=True, momentum=0.2
    )
    axes = (0, 2, 3)
    normal = (x - channels(x.mean(axes))) / np.sqrt(channels(x.var(axes)) + 1e-5)
    expected = normal * channels(weight) + channels(bias)
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-13, strict=True)
    moved = 0.8 * np.array([1.0, 2.0]) + 0.2 * x.mean(axes)
    np.testing.assert_allclose(mean.numpy(), moved, rtol=0, atol=1e-14)
    moved = 0.8 * np.array([3.0, 4.0]) + 0.2 * x.var(axes, ddof=1)
    np.testing.assert_allclose(var.numpy(), moved, rtol=0, atol=1e-14)


def test_evaluation_uses_the_statistics_and_leaves_them(backend):
    x, mean, var = drawn(3, 3, 2), drawn(4, 2), abs(drawn(5, 2))
    here, there = mt.tensor(mean), mt.tensor(var)
    result = batch_norm(mt.tensor(x), here, there, eps=0.1)
    np.testing.assert_allclose(result.numpy(), (x - mean) / np.sqrt(var + 0.1), rtol=0, atol=1e-14)
    assert here.tolist() == mean.tolist()
    assert there.tolist() == var.tolist()


@pytest.mark.parametrize("training", [True, False])
def test_gradients(backend, training):
    mean, var = mt.zeros(2), mt.ones(2)
    mt.grad_check(
        lambda x, w, b: batch_norm(x, mean, var, w, b, training),
        *(mt.tensor(drawn(i, *shape)) for i, shape in enumerate([(3, 2, 4), (2,), (2,)])),
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: batch_norm(mt.zeros(2, 3), mt.zeros(2), mt.zeros(3)),
            mt.ShapeError,
            r"batch_norm: running_mean is \(2,\); it must be \(3,\)",
        ),
        (
            lambda: batch_norm(mt.zeros(1, 3), None, None, training=True),
            mt.ShapeError,
            r"batch_norm: input is \(1, 3\); a variance needs more than one value",
        ),
        (lambda: batch_norm(mt.zeros(2, 3), None, None), ValueError, "it needs running_mean and"),
        (lambda: batch_norm(mt.zeros(3), None, None), mt.ShapeError, r"it must be \(N, C, \*\)"),
    ],
)
def test_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_layer_remembers_what_it_saw(backend):
    layer, first, second = BatchNorm2d(2), drawn(6, 3, 2, 2, 2), drawn(7, 3, 2, 2, 2)
    layer(mt.tensor(first))
    layer(mt.tensor(second))
    means = [a.mean((0, 2, 3)) for a in (first, second)]
    expected = 0.9 * (0.1 * means[0]) + 0.1 * means[1]
    np.testing.assert_allclose(layer.running_mean.value.numpy(), expected, rtol=0, atol=1e-14)
    assert layer.num_batches_tracked.value.item() == 2
    layer.eval()
    before = layer.state()["running_var"].tolist()
    layer(mt.tensor(first))
    assert layer.running_var.value.tolist() == before
    assert layer.num_batches_tracked.value.item() == 2


def test_without_momentum_it_takes_the_mean_of_all_batches():
    layer, batches = BatchNorm1d(2, momentum=None), [drawn(i, 4, 2) for i in range(3)]
    for batch in batches:
        layer(mt.tensor(batch))
    expected = np.mean([b.mean(0) for b in batches], 0)
    np.testing.assert_allclose(layer.running_mean.value.numpy(), expected, rtol=0, atol=1e-14)


def test_without_statistics_it_always_uses_the_batch():
    layer, x = BatchNorm1d(2, affine=False, track_running_stats=False), mt.tensor(drawn(8, 4, 2))
    assert layer(x).tolist() == layer.eval()(x).tolist()
    assert layer.state() == {}


def test_its_state_has_pytorchs_names():
    names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert list(BatchNorm1d(2).state()) == names
    assert repr(BatchNorm1d(2)) == "BatchNorm1d(2, eps=1e-05, momentum=0.1)"


@pytest.mark.parametrize(
    ("layer", "shape", "counts"),
    [(BatchNorm2d(3), (2, 3, 4), "4"), (BatchNorm1d(3), (2, 3, 4, 4), "2 or 3")],
)
def test_dimensions_that_do_not_fit(layer, shape, counts):
    with pytest.raises(mt.ShapeError, match=f"BatchNorm.*it must have {counts} dimensions"):
        layer(mt.zeros(shape))
    with pytest.raises(mt.ShapeError, match="with C = 3"):
        layer(mt.zeros(2, 5, *shape[2 : int(counts[-1])]))
    with pytest.raises(ValueError, match="num_features must be a positive integer, not 0"):
        type(layer)(0)
