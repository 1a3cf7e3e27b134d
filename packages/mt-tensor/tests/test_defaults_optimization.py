"""One step of each rule, against the formulas of their papers written with NumPy."""

import numpy as np
import pytest

from mt_tensor.simple import SimpleBackend

BACKEND = SimpleBackend()
SGD = {"lr": 0.1, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
ADAM = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.0, "step": 3}


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def placed(array):
    return BACKEND.from_array(array)


P, G, V = drawn(0, 2, 3), drawn(1, 2, 3), drawn(2, 2, 3) ** 2


def stepped(**rates):
    value, velocity = placed(P), placed(V) if rates.get("momentum") else None
    grad = placed(G)
    BACKEND.sgd_step(value, grad, velocity, **SGD | rates)
    np.testing.assert_array_equal(BACKEND.to_array(grad), G)
    return BACKEND.to_array(value), None if velocity is None else BACKEND.to_array(velocity)


def test_without_a_velocity_it_goes_down_the_decayed_gradient():
    value, _ = stepped(weight_decay=0.5)
    np.testing.assert_allclose(value, P - 0.1 * (G + 0.5 * P), rtol=0, atol=1e-15)


def test_the_velocity_is_driven_by_the_gradient():
    value, velocity = stepped(momentum=0.9, dampening=0.3, weight_decay=0.5)
    expected = 0.9 * V + 0.7 * (G + 0.5 * P)
    np.testing.assert_allclose(velocity, expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(value, P - 0.1 * expected, rtol=0, atol=1e-15)


def test_nesterov_looks_ahead():
    value, velocity = stepped(momentum=0.9, weight_decay=0.5, nesterov=True)
    slope = G + 0.5 * P
    expected = P - 0.1 * (slope + 0.9 * (0.9 * V + slope))
    np.testing.assert_allclose(velocity, 0.9 * V + slope, rtol=0, atol=1e-15)
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("decoupled", [False, True])
def test_adam_divides_the_mean_by_the_root_mean_square(decoupled):
    value, mean, square = placed(P), placed(G + 1.0), placed(V)
    rates = ADAM | {"weight_decay": 0.5, "decoupled": decoupled}
    BACKEND.adam_step(value, placed(G), mean, square, **rates)
    slope, start = (G, P * (1 - 0.1 * 0.5)) if decoupled else (G + 0.5 * P, P)
    m, v = 0.9 * (G + 1.0) + 0.1 * slope, 0.99 * V + 0.01 * slope**2
    step = 0.1 * (m / (1 - 0.9**3)) / (np.sqrt(v / (1 - 0.99**3)) + 1e-8)
    np.testing.assert_allclose(BACKEND.to_array(mean), m, rtol=1e-14)
    np.testing.assert_allclose(BACKEND.to_array(square), v, rtol=1e-14)
    np.testing.assert_allclose(BACKEND.to_array(value), start - step, rtol=0, atol=1e-14)


def test_adam_without_a_gradient_and_without_eps_is_undefined_not_an_exception():
    value, nothing = placed(np.ones(2)), np.zeros(2)
    rates = ADAM | {"eps": 0.0, "decoupled": False}
    BACKEND.adam_step(value, placed(nothing), placed(nothing), placed(nothing), **rates)
    assert np.isnan(BACKEND.to_array(value)).all()
