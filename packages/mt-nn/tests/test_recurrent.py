"""Recurrent layers, against their formulas written with NumPy for one direction at a time."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import GRU, LSTM, RNN

KINDS = [RNN, GRU, LSTM]


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cell(kind, a, c, h, s):
    """Return the next state, from the projected element and state."""
    if kind is RNN:
        return np.tanh(a + c), s
    if kind is GRU:
        (ar, az, an), (cr, cz, cn) = np.split(a, 3, -1), np.split(c, 3, -1)
        z = sigmoid(az + cz)
        return (1 - z) * np.tanh(an + sigmoid(ar + cr) * cn) + z * h, s
    i, f, g, o = np.split(a + c, 4, -1)
    s = sigmoid(f) * s + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(s), s


def along(layer, suffix, x, h, s, order):  # noqa: PLR0913, PLR0917
    """Go along (L, N, I) in one direction; return the states at all times, and the last."""
    value = {k: v.detach().numpy() for k, v in layer.state().items()}
    outputs = {}
    for t in order:
        a = x[t] @ value[f"weight_ih{suffix}"].T + value[f"bias_ih{suffix}"]
        c = h @ value[f"weight_hh{suffix}"].T + value[f"bias_hh{suffix}"]
        h, s = cell(type(layer), a, c, h, s)
        outputs[t] = h
    return np.stack([outputs[t] for t in range(len(x))]), h, s


@pytest.mark.parametrize("kind", KINDS)
def test_two_layers_both_ways(backend, kind):
    layer = kind(3, 4, 2, bidirectional=True, generator=mt.Generator(0))
    x, h, s = drawn(0, 5, 2, 3), drawn(1, 4, 2, 4), drawn(2, 4, 2, 4)
    given = (mt.tensor(h), mt.tensor(s)) if kind is LSTM else mt.tensor(h)
    result, after = layer(mt.tensor(x), given)
    steps, last = x, []
    for i in range(2):
        runs = [
            along(layer, f"_l{i}{end}", steps, h[2 * i + d], s[2 * i + d], order)
            for d, (end, order) in enumerate([("", range(5)), ("_reverse", range(4, -1, -1))])
        ]
        steps = np.concatenate([run[0] for run in runs], 2)
        last += [run[1:] for run in runs]
    np.testing.assert_allclose(result.detach().numpy(), steps, rtol=0, atol=1e-13, strict=True)
    states = after if kind is LSTM else (after,)
    for k, state in enumerate(states):
        expected = np.stack([run[k] for run in last])
        np.testing.assert_allclose(state.detach().numpy(), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_it_starts_at_zero_and_takes_other_forms_of_input(kind):
    layer = kind(3, 4, generator=mt.Generator(1))
    x = drawn(3, 5, 2, 3)
    whole, _after = layer(mt.tensor(x))
    expected, h, _ = along(layer, "_l0", x, np.zeros((2, 4)), np.zeros((2, 4)), range(5))
    np.testing.assert_allclose(whole.detach().numpy(), expected, rtol=0, atol=1e-13)
    one, last = layer(mt.tensor(x[:, 0]))
    np.testing.assert_allclose(one.detach().numpy(), expected[:, 0], rtol=0, atol=1e-13)
    first = last[0] if kind is LSTM else last
    np.testing.assert_allclose(first.detach().numpy(), h[None, 0], rtol=0, atol=1e-13)
    layer.batch_first = True
    turned, again = layer(mt.tensor(x.swapaxes(0, 1)))
    np.testing.assert_allclose(turned.detach().numpy(), expected.swapaxes(0, 1), atol=1e-13)
    assert (again[0] if kind is LSTM else again).shape == (1, 2, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_go_through_time(backend, kind):
    layer = kind(2, 3, generator=mt.Generator(2))
    mt.grad_check(lambda x: layer(x)[0], mt.tensor(drawn(4, 4, 2, 2)))


def test_relu_is_the_other_nonlinearity():
    layer = RNN(2, 3, nonlinearity="relu", generator=mt.Generator(3))
    result = layer(mt.tensor(drawn(5, 1, 1, 2)))[0].detach().numpy()
    assert (result >= 0).all()
    with pytest.raises(ValueError, match="RNN: nonlinearity must be 'tanh' or 'relu', not 'exp'"):
        RNN(2, 3, nonlinearity="exp")


def test_dropout_is_between_layers_and_in_training_only():
    layer, x = LSTM(2, 3, 2, dropout=0.5), mt.tensor(drawn(6, 4, 2, 2))
    assert layer(x)[0].tolist() != layer(x)[0].tolist()
    layer.eval()
    assert layer(x)[0].tolist() == layer(x)[0].tolist()
    alone = LSTM(2, 3, 1, dropout=0.5)
    assert alone(x)[0].tolist() == alone(x)[0].tolist()


def test_parameters_have_pytorchs_names_and_range():
    layer = GRU(2, 4, 2, bias=False, bidirectional=True)
    names = [f"weight_{k}_l{i}{d}" for i in (0, 1) for d in ("", "_reverse") for k in ("ih", "hh")]
    assert [name for name, _ in layer.named_parameters()] == names
    assert layer.weight_ih_l1.value.shape == (12, 8)
    values = [abs(p.value.detach().numpy()).max() for p in layer.parameters()]
    assert 0.4 < max(values) <= 0.5
    assert repr(layer) == "GRU(2, 4, num_layers=2)"


@pytest.mark.parametrize("shape", [(3,), (4, 2, 5), (0, 2, 3)])
def test_input_that_does_not_fit(shape):
    with pytest.raises(mt.ShapeError, match=r"LSTM\(3, 4.*; it must be \(L, N, I\) or \(L, I\)"):
        LSTM(3, 4)(mt.zeros(shape))


def test_states_that_do_not_fit():
    x, state = mt.zeros(5, 2, 3), mt.zeros(1, 2, 4)
    with pytest.raises(mt.ShapeError, match=r"hx is \(1, 2, 4\); it must be 2 of \(1, 2, 4\)"):
        LSTM(3, 4)(x, state)
    with pytest.raises(mt.ShapeError, match=r"hx is \(2, 4\); it must be 1 of \(1, 2, 4\)"):
        GRU(3, 4)(x, mt.zeros(2, 4))


def test_sizes_that_are_none():
    with pytest.raises(ValueError, match="RNN: hidden_size must be a positive integer, not 0"):
        RNN(3, 0)
    with pytest.raises(ValueError, match=r"GRU: dropout must lie between 0 and 1, not 1.5"):
        GRU(3, 4, dropout=1.5)
