"""The multilayer perceptron and the residual network; each of the others has a file of its own."""

import math

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn.functional import nll_loss
from mt_nn.models import GPT, MLP, ResNet, next_token_loss
from mt_nn.models.resnet import BasicBlock
from mt_nn.optim import Adam

IMAGES = np.random.default_rng(0).normal(size=(4, 1, 4, 4))
TOKENS = np.random.default_rng(1).integers(0, 7, (2, 5))

MODELS = {
    "MLP": (
        lambda **options: MLP(16, 8, 6, 3, **options),
        nll_loss,
        IMAGES,
        np.array([0, 2, 1, 2]),
    ),
    "ResNet": (
        lambda **options: ResNet(1, 3, widths=(2, 4), **options),
        nll_loss,
        IMAGES,
        np.array([0, 2, 1, 2]),
    ),
    "GPT": (
        lambda **options: GPT(7, 5, dim=8, heads=2, layers=1, **options),
        next_token_loss,
        TOKENS,
        np.roll(TOKENS, -1, axis=1),
    ),
}


def inputs(x, dtype):
    return mt.tensor(x if x.dtype.kind == "i" else x.astype(dtype))


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_learns(name, backend):
    make, loss, x, target = MODELS[name]
    model = make(generator=mt.Generator(0), dtype=mt.float64)
    loss(model(mt.tensor(x)), mt.tensor(target)).backward()
    for key, parameter in model.named_parameters():
        assert parameter.value.backend.name == backend
        grad = parameter.value.grad.numpy()
        if key.endswith("in_proj_bias"):  # A shift of all keys of a query changes nothing.
            grad = np.delete(grad.reshape(3, -1), 1, axis=0)
        assert np.abs(grad).max() > 1e-6, key


def losses(name, steps):
    """Train on one batch, and return its loss before each step."""
    make, loss, x, target = MODELS[name]
    model = make(generator=mt.Generator(0), dtype=mt.float32)
    optimizer = Adam(model.parameters(), lr=0.03)
    x, target = inputs(x, np.float32), mt.tensor(target)
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        output = model(x)
        result = loss(output, target)
        result.backward()
        optimizer.step()
        found.append(result.item())
    assert output.dtype == mt.float32
    return found


@pytest.mark.parametrize("name", MODELS)
def test_it_learns_a_batch_by_heart(name):
    assert losses(name, 30)[-1] < 0.15


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.usefixtures("backend")
def test_it_learns_on_every_backend(name):
    first, _, third = losses(name, 3)
    assert third < first


@pytest.mark.parametrize("name", MODELS)
def test_a_seed_decides_it(name):
    make, _, x, _ = MODELS[name]
    first, again, other = (make(generator=mt.Generator(seed)).eval() for seed in (1, 1, 2))
    x = inputs(x, np.float64)
    assert first(x).tolist() == again(x).tolist() != other(x).tolist()


def size(model):
    return sum(p.value.size for p in model.parameters())


def test_the_sizes_of_the_mlp():
    assert size(MLP(784, 128, 10)) == 784 * 128 + 128 + 128 * 10 + 10
    assert size(MLP(4, 2)) == 10
    model = MLP(2, 3, 4, 5)
    assert [p.value.shape for _, p in model.named_parameters() if p.value.ndim == 2] == [
        (3, 2),
        (4, 3),
        (5, 4),
    ]


def test_the_mlp_computes_what_numpy_does():
    model = MLP(4, 3, 2, generator=mt.Generator(0))
    state = {name: value.detach().numpy() for name, value in model.state().items()}
    x = np.random.default_rng(2).normal(size=(5, 2, 2))
    hidden = np.maximum(x.reshape(5, 4) @ state["hidden.0.weight"].T + state["hidden.0.bias"], 0)
    scores = hidden @ state["output.weight"].T + state["output.bias"]
    expected = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    np.testing.assert_allclose(model(mt.tensor(x)).detach().numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("sizes", [(), (3,)])
def test_an_mlp_without_layers(sizes):
    with pytest.raises(ValueError, match=rf"MLP: sizes \({'3,' if sizes else ''}\) must have"):
        MLP(*sizes)


def test_an_mlp_with_a_size_that_is_none():
    with pytest.raises(ValueError, match="Linear: out_features must be a positive integer, not 0"):
        MLP(4, 0, 2)


def test_dropout_of_the_mlp_is_for_training_only():
    model = MLP(4, 64, 2, dropout=0.5, generator=mt.Generator(0))
    x = mt.ones(1, 4)
    assert model(x).tolist() != model(x).tolist()
    model.eval()
    assert model(x).tolist() == model(x).tolist()


def test_the_sizes_of_the_resnet():
    model = ResNet()
    assert size(model) == 77754
    assert len(model.blocks) == 3
    assert [block.projection is None for block in model.blocks] == [True, False, False]
    assert len(ResNet(blocks=3).blocks) == 9


@pytest.mark.parametrize(("height", "width"), [(12, 12), (7, 9), (1, 1)])
def test_a_resnet_takes_images_of_any_size(height, width):
    model = ResNet(3, 5, widths=(2, 4, 4), generator=mt.Generator(0)).eval()
    result = model(mt.rand(2, 3, height, width)).detach().numpy()
    assert result.shape == (2, 5)
    np.testing.assert_allclose(np.exp(result).sum(1), 1.0, rtol=1e-12)


@pytest.mark.parametrize(("stride", "out"), [(1, (5, 6)), (2, (3, 3))])
def test_each_stage_halves_the_image(stride, out):
    block = BasicBlock(2, 4, stride, generator=mt.Generator(0))
    assert block(mt.rand(1, 2, 5, 6)).shape == (1, 4, *out)


def test_the_first_loss_is_that_of_a_guess():
    model = GPT(50, 4, dim=16, layers=1, generator=mt.Generator(0))
    tokens = mt.tensor(np.random.default_rng(0).integers(0, 50, (2, 4)))
    assert abs(next_token_loss(model(tokens), tokens).item() - math.log(50)) < 0.5
