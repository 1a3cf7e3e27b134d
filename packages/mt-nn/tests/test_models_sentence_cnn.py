import numpy as np
import pytest

import mt_tensor as mt
from mt_nn.functional import nll_loss
from mt_nn.models import SentenceCNN
from mt_nn.optim import Adam

SENTENCES = np.array([[2, 3, 4, 0, 0], [5, 0, 0, 0, 0], [6, 5, 4, 3, 2]])


def small(**options):
    return SentenceCNN(7, 4, channels=3, generator=mt.Generator(0), **options)


def test_its_shapes_and_its_size():
    model = SentenceCNN(1000, generator=mt.Generator(0))
    sizes = {name: p.value.shape for name, p in model.named_parameters()}
    assert sizes == {
        "embedding.weight": (1000, 50),
        "convolutions.0.weight": (100, 50, 3),
        "convolutions.0.bias": (100,),
        "convolutions.1.weight": (100, 50, 4),
        "convolutions.1.bias": (100,),
        "convolutions.2.weight": (100, 50, 5),
        "convolutions.2.bias": (100,),
        "output.weight": (2, 300),
        "output.bias": (2,),
    }


def test_it_gives_probabilities():
    result = small(classes=4)(mt.tensor(SENTENCES))
    assert result.shape == (3, 4)
    np.testing.assert_allclose(np.exp(result.detach().numpy()).sum(1), 1.0, rtol=1e-12)


def test_it_computes_what_numpy_does(backend):
    model = small(widths=(2, 3)).eval()
    state = {name: value.detach().numpy() for name, value in model.state().items()}
    features = []
    for i, width in enumerate((2, 3)):
        kernels, bias = state[f"convolutions.{i}.weight"], state[f"convolutions.{i}.bias"]
        words = np.zeros((3, 5 + 2 * width, 4))
        words[:, width:-width] = state["embedding.weight"][SENTENCES]
        windows = np.lib.stride_tricks.sliding_window_view(words, width, axis=1)
        matches = np.einsum("nlew,cew->nlc", windows, kernels) + bias
        features.append(np.maximum(matches, 0.0).max(1))
    scores = np.concatenate(features, 1) @ state["output.weight"].T + state["output.bias"]
    expected = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    result = model(mt.tensor(SENTENCES))
    assert result.backend.name == backend
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=1e-12)


def test_padding_changes_nothing(backend):
    model = small().eval()
    alone = [model(mt.tensor([[w for w in row if w]])).tolist()[0] for row in SENTENCES.tolist()]
    longer = np.pad(SENTENCES, [(0, 0), (0, 9)])
    for batch in (SENTENCES, longer):
        np.testing.assert_allclose(model(mt.tensor(batch)).detach().numpy(), alone, rtol=1e-12)


def test_a_sentence_of_no_words_has_a_class_too():
    result = small().eval()(mt.zeros(1, 1, dtype="int64"))
    assert np.isfinite(result.tolist()).all()


def test_every_parameter_learns_but_the_padding(backend):
    model = small(dropout=0.0)
    nll_loss(model(mt.tensor(SENTENCES)), mt.tensor([0, 1, 0])).backward()
    for name, parameter in model.named_parameters():
        grad = parameter.value.grad.numpy()
        assert np.abs(grad).max() > 0.0, name
    grad = model.embedding.weight.value.grad.numpy()
    assert (grad[0] == 0.0).all()
    assert (np.abs(grad[2:]).max(1) > 0.0).all()


def test_it_learns_a_batch_by_heart(backend):
    model = small(dtype=mt.float32, dropout=0.1)
    optimizer = Adam(model.parameters(), lr=0.05)
    words, classes = mt.tensor(SENTENCES), mt.tensor([0, 1, 1])
    for _ in range(30):
        optimizer.zero_grad()
        nll_loss(model(words), classes).backward()
        optimizer.step()
    result = model.eval()(words)
    assert result.dtype == mt.float32
    assert nll_loss(result, classes).item() < 0.05
    assert (model.embedding.weight.value.detach().numpy()[0] == 0.0).all()


def test_it_starts_from_vectors():
    vectors = np.arange(1.0, 29.0, dtype=np.float32).reshape(7, 4)
    model = small(vectors=vectors, dtype=mt.float32)
    table = model.embedding.weight.value
    assert table.requires_grad
    assert table.dtype == mt.float32
    np.testing.assert_array_equal(table.detach().numpy()[1:], vectors[1:])
    assert (table.detach().numpy()[0] == 0.0).all()
    assert vectors[0, 0] == 1.0


@pytest.mark.parametrize("shape", [(6, 4), (7, 5), (28,)])
def test_vectors_of_another_shape(shape):
    with pytest.raises(mt.ShapeError, match=rf"vectors is \({shape[0]},.*; it must be \(7, 4\)"):
        small(vectors=np.zeros(shape))


def test_a_seed_decides_it_and_dropout_is_for_training_only():
    words = mt.tensor(SENTENCES)
    first, again = small(), small()
    assert first(words).tolist() == again(words).tolist()
    assert first(words).tolist() != first(words).tolist()
    first.eval()
    assert first(words).tolist() == first(words).tolist()
