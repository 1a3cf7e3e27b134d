"""Losses of numbers and of decisions, against their formulas written with NumPy."""

import numpy as np
import pytest

import mt_nn
import mt_tensor as mt
from mt_nn import functional

X = np.random.default_rng(0).standard_normal((3, 4)) * 2
Y = np.random.default_rng(1).standard_normal((3, 4)) * 2
P = np.random.default_rng(2).uniform(0.05, 0.95, (3, 4))
Q = np.random.default_rng(3).uniform(0.0, 1.0, (3, 4))
SIGNS = np.sign(X + 0.1)
W = np.random.default_rng(4).uniform(0.5, 2.0, 4)


def huber(error, delta):
    size = abs(error)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))


def cross(p, q):
    return -(q * np.log(p) + (1 - q) * np.log(1 - p))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Name: the loss of input and target, both, what each element costs, and its module.
CASES = {
    "mse": (functional.mse_loss, X, Y, (X - Y) ** 2, mt_nn.MSELoss),
    "l1": (functional.l1_loss, X, Y, abs(X - Y), mt_nn.L1Loss),
    "huber": (functional.huber_loss, X, Y, huber(X - Y, 1.0), mt_nn.HuberLoss),
    "smooth l1": (functional.smooth_l1_loss, X, Y, huber(X - Y, 1.0), mt_nn.SmoothL1Loss),
    "bce": (functional.binary_cross_entropy, P, Q, cross(P, Q), mt_nn.BCELoss),
    "bce, scores": (
        functional.binary_cross_entropy_with_logits,
        X,
        Q,
        cross(sigmoid(X), Q),
        mt_nn.BCEWithLogitsLoss,
    ),
    "hinge": (
        functional.hinge_embedding_loss,
        abs(X),
        SIGNS,
        np.where(SIGNS > 0, abs(X), np.maximum(0, 1 - abs(X))),
        mt_nn.HingeEmbeddingLoss,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_elements_their_mean_and_their_sum(backend, name):
    loss, x, target, costs, kind = CASES[name]
    here, there = mt.tensor(x), mt.tensor(target)
    result = loss(here, there, reduction="none").numpy()
    np.testing.assert_allclose(result, costs, rtol=1e-12, atol=1e-14, strict=True)
    assert loss(here, there).item() == pytest.approx(costs.mean(), rel=1e-12)
    assert loss(here, there, reduction="sum").item() == pytest.approx(costs.sum(), rel=1e-12)
    assert kind(reduction="sum")(here, there).item() == pytest.approx(costs.sum(), rel=1e-12)
    assert repr(kind()) == f"{kind.__name__}(reduction='mean')"


@pytest.mark.parametrize("name", CASES)
def test_gradients(backend, name):
    loss, x, target, _, _ = CASES[name]
    mt.grad_check(lambda t: loss(t, mt.tensor(target)), mt.tensor(x))


def test_options_of_each():
    x, y, q = mt.tensor(X), mt.tensor(Y), mt.tensor(Q)
    weight = mt.tensor(W)
    logits = functional.binary_cross_entropy_with_logits
    results = {
        "huber": functional.huber_loss(x, y, delta=0.5),
        "smooth": functional.smooth_l1_loss(x, y, beta=0.5),
        "smooth 0": functional.smooth_l1_loss(x, y, beta=0.0),
        "weight": functional.binary_cross_entropy(mt.tensor(P), q, weight),
        "logits": logits(x, q, weight, pos_weight=mt.tensor(W[::-1].copy())),
        "margin": functional.hinge_embedding_loss(x, mt.tensor(SIGNS), margin=2.0),
    }
    positive, negative = -np.log(sigmoid(X)), -np.log(1 - sigmoid(X))
    expected = {
        "huber": huber(X - Y, 0.5),
        "smooth": huber(X - Y, 0.5) / 0.5,
        "smooth 0": abs(X - Y),
        "weight": cross(P, Q) * W,
        "logits": W * (W[::-1] * Q * positive + (1 - Q) * negative),
        "margin": np.where(SIGNS > 0, X, np.maximum(0, 2 - X)),
    }
    for name, result in results.items():
        assert result.item() == pytest.approx(expected[name].mean(), rel=1e-12), name


def test_an_order_by_a_margin(backend):
    call = lambda a, b: functional.margin_ranking_loss(a, b, mt.tensor(SIGNS), 0.3)  # noqa: E731
    expected = np.maximum(0, 0.3 - SIGNS * (X - Y)).mean()
    assert call(mt.tensor(X), mt.tensor(Y)).item() == pytest.approx(expected, rel=1e-12)
    mt.grad_check(call, mt.tensor(X), mt.tensor(Y))


def test_scores_of_any_size_have_a_finite_loss():
    x, target = mt.tensor([1e4, -1e4, 1e4, -1e4]), mt.tensor([1.0, 0.0, 0.0, 1.0])
    result = functional.binary_cross_entropy_with_logits(x, target, reduction="none")
    assert result.tolist() == [0.0, 0.0, 1e4, 1e4]


def test_a_certain_error_costs_a_hundred():
    x = mt.tensor([0.0, 1.0, 1.0], requires_grad=True)
    result = functional.binary_cross_entropy(x, mt.tensor([1.0, 0.0, 1.0]), reduction="none")
    assert result.tolist() == [100.0, 100.0, 0.0]
    result.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_a_certain_error_moves_in_the_right_direction():
    x = mt.tensor([0.0, 1.0], requires_grad=True)
    functional.binary_cross_entropy(x, mt.tensor([1.0, 0.0])).backward()
    assert x.grad[0].item() < 0.0 < x.grad[1].item()


@pytest.mark.parametrize("name", CASES)
def test_shapes_do_not_broadcast(name):
    loss = CASES[name][0]
    with pytest.raises(
        mt.ShapeError, match=r"input is \(3, 1\) and target is \(3,\); they must be"
    ):
        loss(mt.ones(3, 1), mt.ones(3))
    with pytest.raises(mt.DTypeError, match="input is float64 and target is float32"):
        loss(mt.ones(3), mt.ones(3, dtype="float32"))
    with pytest.raises(ValueError, match="reduction must be 'mean', 'sum' or 'none', not 'max'"):
        loss(mt.ones(3), mt.ones(3), reduction="max")


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_what_is_no_probability(bad):
    with pytest.raises(ValueError, match=f"an input is {bad}; all must lie between 0 and 1"):
        functional.binary_cross_entropy(mt.tensor([0.5, bad]), mt.ones(2))


def test_numbers_out_of_range():
    with pytest.raises(ValueError, match="huber_loss: delta must be positive, not 0"):
        functional.huber_loss(mt.ones(1), mt.ones(1), delta=0)
    with pytest.raises(ValueError, match="smooth_l1_loss: beta must not be negative, not -1"):
        functional.smooth_l1_loss(mt.ones(1), mt.ones(1), beta=-1)
    with pytest.raises(mt.ShapeError, match=r"input1 is \(2,\) and input2 is \(3,\)"):
        functional.margin_ranking_loss(mt.ones(2), mt.ones(3), mt.ones(2))


def test_modules_keep_options():
    x, y, q, w = (mt.tensor(a) for a in (X, Y, Q, W))
    logits = functional.binary_cross_entropy_with_logits(x, q, w, pos_weight=w).item()
    assert mt_nn.BCEWithLogitsLoss(w, pos_weight=w)(x, q).item() == logits
    assert list(mt_nn.BCEWithLogitsLoss(w, pos_weight=w).state()) == ["weight", "pos_weight"]
    assert mt_nn.HuberLoss(delta=0.3)(x, y).item() == functional.huber_loss(x, y, delta=0.3).item()
    smooth = functional.smooth_l1_loss(x, y, beta=0.3).item()
    assert mt_nn.SmoothL1Loss(beta=0.3)(x, y).item() == smooth
    hinge = functional.hinge_embedding_loss(x, mt.tensor(SIGNS), 2.0).item()
    assert mt_nn.HingeEmbeddingLoss(2.0)(x, mt.tensor(SIGNS)).item() == hinge
