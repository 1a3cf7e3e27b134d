import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Dropout
from mt_nn.functional import dropout


def test_it_silences_a_share_and_scales_the_rest(backend):
    result = dropout(mt.ones(100, 100), 0.25, generator=mt.Generator(0)).numpy()
    assert set(np.unique(result)) == {0.0, 1.0 / 0.75}
    assert (result == 0.0).mean() == pytest.approx(0.25, abs=0.015)


def test_the_gradient_goes_where_the_signal_went(backend):
    x = mt.tensor(np.arange(1.0, 51.0), requires_grad=True)
    result = dropout(x, 0.4, generator=mt.Generator(1))
    result.sum().backward()
    expected = result.detach().numpy() / np.arange(1.0, 51.0)
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-14)


def test_a_seed_drops_the_same_elements_everywhere(backend):
    here = dropout(mt.ones(50, dtype="float32", backend=backend), generator=mt.Generator(3))
    there = dropout(mt.ones(50, backend="simple"), generator=mt.Generator(3))
    np.testing.assert_array_equal(here.numpy() > 0, there.numpy() > 0)


def test_the_generator_moves_on():
    generator, x = mt.Generator(4), mt.ones(50)
    first, second = (dropout(x, generator=generator).numpy() for _ in range(2))
    assert (first != second).any()


def test_without_a_generator_the_seed_of_the_library_decides():
    x = mt.ones(50)
    mt.manual_seed(7)
    first = dropout(x).numpy()
    mt.manual_seed(7)
    np.testing.assert_array_equal(dropout(x).numpy(), first)


def test_the_edges_of_the_probability():
    x = mt.tensor([1.0, np.inf])
    assert dropout(x, 0.0) is x
    assert not dropout(mt.ones(20), 1.0).numpy().any()
    assert dropout(x, 0.9, training=False) is x


@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_what_is_no_probability(p):
    with pytest.raises(ValueError, match="dropout: p must lie between 0 and 1, not"):
        dropout(mt.ones(2), p)
    with pytest.raises(ValueError, match="Dropout: p must lie between 0 and 1, not"):
        Dropout(p)


def test_integers_cannot_be_scaled():
    with pytest.raises(mt.DTypeError, match="dropout: input is int64"):
        dropout(mt.zeros(2, dtype="int64"))


def test_the_layer_is_there_only_in_training():
    layer, x = Dropout(0.5, generator=mt.Generator(0)), mt.ones(100)
    assert (layer(x).numpy() == 0.0).any()
    assert layer.eval()(x) is x
    assert repr(layer) == "Dropout(p=0.5)"
