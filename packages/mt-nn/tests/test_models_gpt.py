import numpy as np
import pytest

import mt_tensor as mt
from mt_nn.models import GPT, generate, next_token_loss


def small(**options):
    return GPT(7, 6, dim=8, heads=2, layers=2, generator=mt.Generator(0), **options)


def test_its_shapes_and_its_size():
    model = small()
    assert model(mt.tensor([[1, 2, 3], [4, 5, 6]])).shape == (2, 3, 7)
    assert model(mt.tensor([[1], [2]])).shape == (2, 1, 7)
    each = 2 * 16 + (24 * 8 + 24) + (64 + 8) + (8 * 32 + 32) + (32 * 8 + 8)
    assert sum(p.value.size for p in model.parameters()) == 7 * 8 + 6 * 8 + 2 * each + 16 + 7 * 8


def test_a_token_sees_none_that_comes_later(backend):
    model = small().eval()
    text = np.array([[1, 2, 3, 4, 5, 6]])
    before = model(mt.tensor(text)).detach().numpy()
    for place in range(6):
        other = text.copy()
        other[0, place] = 0
        after = model(mt.tensor(other)).detach().numpy()
        np.testing.assert_allclose(after[0, :place], before[0, :place], rtol=1e-12)
        assert (np.abs(after[0, place:] - before[0, place:]).max(1) > 1e-6).all()


def test_places_matter():
    model = small().eval()
    result = model(mt.tensor([[3, 3, 3]])).detach().numpy()[0]
    assert np.abs(result[0] - result[1]).max() > 1e-6


def test_a_text_that_is_too_long():
    with pytest.raises(mt.ShapeError, match=r"GPT: tokens is \(1, 7\); .* at most 6 tokens"):
        small()(mt.zeros(1, 7, dtype="int64"))


def test_heads_that_do_not_fit():
    with pytest.raises(ValueError, match="num_heads = 3 must divide embed_dim = 8"):
        GPT(7, dim=8, heads=3)


def test_dropout_is_for_training_only():
    model = small(dropout=0.5)
    text = mt.tensor([[1, 2, 3]])
    assert model(text).tolist() != model(text).tolist()
    model.eval()
    assert model(text).tolist() == model(text).tolist()


def test_the_loss_is_the_mean_surprise():
    scores = np.random.default_rng(0).normal(size=(2, 3, 5))
    target = np.array([[0, 4, 2], [1, 1, 3]])
    logs = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    expected = -np.take_along_axis(logs, target[..., np.newaxis], -1).mean()
    result = next_token_loss(mt.tensor(scores), mt.tensor(target))
    np.testing.assert_allclose(result.item(), expected, rtol=1e-12)


@pytest.fixture
def counting():
    """A model whose weights are set so that it counts: 1, 2, 3, 4, 5, 6, 1, 2, ..."""
    model = GPT(7, 6, dim=7, heads=1, layers=0)
    follows = np.zeros((7, 7))
    follows[np.arange(7) % 6 + 1, np.arange(7)] = 3.0
    model.tokens.weight.update(mt.tensor(np.eye(7)))
    model.places.weight.update(mt.zeros(6, 7))
    model.output.weight.update(mt.tensor(follows))
    return model


def test_it_goes_on_with_the_likeliest(counting):
    counting.train()
    written = generate(counting, [3, 4], 20, temperature=0.0)
    np.testing.assert_array_equal(written, np.arange(2, 24) % 6 + 1)
    assert written.dtype == np.int64
    assert counting.training


def test_surprise_grows_with_temperature(counting):
    def right(temperature):
        text = generate(counting, [1], 100, temperature=temperature, generator=mt.Generator(0))
        return float((text[1:] == text[:-1] % 6 + 1).mean())

    assert right(0.5) > 0.95
    assert right(50.0) < 0.6


def test_a_seed_decides_what_is_drawn(counting):
    def written(seed):
        options = {"temperature": 5.0, "generator": mt.Generator(seed)}
        return generate(counting, [1], 30, **options).tolist()

    assert written(1) == written(1) != written(2)


def test_the_library_draws_where_there_is_no_generator(counting):
    texts = []
    for _ in range(2):
        mt.manual_seed(5)
        texts.append(generate(counting, [1], 30, temperature=5.0).tolist())
    assert texts[0] == texts[1]


def test_draws_follow_the_scores():
    model = GPT(7, 6, dim=8, heads=2, layers=0, generator=mt.Generator(0))
    seen = model(mt.tensor([[1, 2]])).detach().numpy()[0, -1]
    shares = np.exp(seen) / np.exp(seen).sum()
    stream = mt.Generator(0)
    drawn = [generate(model, [1, 2], 1, generator=stream)[-1] for _ in range(1000)]
    np.testing.assert_allclose(np.bincount(drawn, minlength=7) / 1000, shares, atol=0.05)


def test_nothing_is_added(counting):
    assert generate(counting, [1, 2], 0).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("tokens", "count", "temperature"),
    [([], 3, 1.0), ([1], -1, 1.0), ([1], 1, -0.5), ([1], 1, float("nan"))],
)
def test_what_cannot_be_gone_on_with(counting, tokens, count, temperature):
    with pytest.raises(
        ValueError,
        match=rf"{len(tokens)} tokens .* count = {count} and temperature = {temperature}",
    ):
        generate(counting, tokens, count, temperature=temperature)
