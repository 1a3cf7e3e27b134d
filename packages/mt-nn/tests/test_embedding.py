import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Embedding
from mt_nn.functional import embedding

TABLE = np.random.default_rng(0).standard_normal((5, 3))
NUMBERS = np.array([[3, 1, 3], [0, 4, 3]])


def test_it_reads_rows(backend):
    result = embedding(mt.tensor(NUMBERS), mt.tensor(TABLE))
    np.testing.assert_array_equal(result.numpy(), TABLE[NUMBERS], strict=True)


def test_it_reads_any_layout(backend):
    table = mt.tensor(TABLE.T.copy()).permute(1, 0)
    np.testing.assert_array_equal(embedding(mt.tensor(NUMBERS), table).numpy(), TABLE[NUMBERS])


@pytest.mark.parametrize("padding_idx", [None, 3, -1])
def test_gradients_add_up_by_row(backend, padding_idx):
    table = mt.tensor(TABLE, requires_grad=True)
    grad = np.random.default_rng(1).standard_normal((2, 3, 3))
    embedding(mt.tensor(NUMBERS), table, padding_idx).backward(grad)
    expected = np.zeros_like(TABLE)
    np.add.at(expected, NUMBERS, grad)
    if padding_idx is not None:
        expected[padding_idx] = 0.0
    np.testing.assert_allclose(table.grad.numpy(), expected, rtol=0, atol=1e-15)


def test_one_number_and_no_number():
    table = mt.tensor(TABLE)
    assert embedding(mt.tensor(2), table).tolist() == TABLE[2].tolist()
    assert embedding(mt.tensor(np.zeros((0,), int)), table).shape == (0, 3)


@pytest.mark.parametrize("wrong", [5, -1])
def test_a_row_that_there_is_not(wrong):
    message = (
        rf"embedding: input\[1, 0\] = {wrong} is out of range for weight of \(5, 3\): rows are"
    )
    with pytest.raises(mt.IndexingError, match=message):
        embedding(mt.tensor([[0, 1], [wrong, 2]]), mt.tensor(TABLE))


@pytest.mark.parametrize("padding_idx", [5, -6])
def test_a_padding_that_there_is_not(padding_idx):
    with pytest.raises(mt.IndexingError, match=f"padding_idx {padding_idx} is out of range for 5"):
        embedding(mt.tensor([0]), mt.tensor(TABLE), padding_idx)
    with pytest.raises(mt.IndexingError, match=f"padding_idx {padding_idx} is out of range for 5"):
        Embedding(5, 3, padding_idx)


def test_what_does_not_fit():
    with pytest.raises(mt.ShapeError, match=r"embedding: weight is \(5,\); it must be \(V, D\)"):
        embedding(mt.tensor([0]), mt.zeros(5))
    with pytest.raises(mt.DTypeError, match="embedding: input is float64; rows are counted by int"):
        embedding(mt.tensor([0.0]), mt.tensor(TABLE))
    with pytest.raises(ValueError, match="Embedding: embedding_dim must be a positive integer"):
        Embedding(5, 0)


def test_the_layer_is_its_function(backend):
    layer = Embedding(5, 3, padding_idx=-1, backend=backend, generator=mt.Generator(0))
    table = layer.weight.value.detach().numpy()
    np.testing.assert_array_equal(layer(mt.tensor(NUMBERS)).detach().numpy(), table[NUMBERS])
    assert not table[4].any()
    assert layer.padding_idx == 4
    assert repr(layer) == "Embedding(5, 3, padding_idx=4)"
    assert repr(Embedding(5, 3)) == "Embedding(5, 3)"


def test_vectors_start_normal():
    table = Embedding(200, 100, generator=mt.Generator(0)).weight.value.detach().numpy()
    assert table.std() == pytest.approx(1.0, abs=0.02)
    assert table.mean() == pytest.approx(0.0, abs=0.02)
