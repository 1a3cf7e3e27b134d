import math

import numpy as np
import pytest

import mt_nn
import mt_tensor as mt
from mt_nn import functional

X = np.array([-50.0, -3.0, -0.5, -1e-9, 0.0, 1e-9, 0.5, 3.0, 50.0])
NORMAL = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in X])

# Name: the function, and what NumPy makes of the same numbers.
CASES = {
    "relu": (functional.relu, np.maximum(X, 0)),
    "sigmoid": (functional.sigmoid, 1 / (1 + np.exp(-X))),
    "tanh": (functional.tanh, np.tanh(X)),
    "leaky_relu": (lambda x: functional.leaky_relu(x, 0.1), np.where(X > 0, X, 0.1 * X)),
    "prelu": (
        lambda x: functional.prelu(x, mt.tensor([0.2])),
        np.where(X > 0, X, 0.2 * X),
    ),
    "elu": (lambda x: functional.elu(x, 2.0), np.where(X > 0, X, 2 * np.expm1(np.minimum(X, 0)))),
    "silu": (functional.silu, X / (1 + np.exp(-X))),
    "gelu": (functional.gelu, X * NORMAL),
    "gelu, tanh": (
        lambda x: functional.gelu(x, "tanh"),
        0.5 * X * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))),
    ),
    "softplus": (functional.softplus, np.logaddexp(0, X)),
    "softplus, beta": (lambda x: functional.softplus(x, 2.0), np.logaddexp(0, 2 * X) / 2),
}


@pytest.mark.parametrize("name", CASES)
def test_values(backend, name):
    function, expected = CASES[name]
    np.testing.assert_allclose(function(mt.tensor(X)).numpy(), expected, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_gradients(backend, name):
    points = mt.tensor([[-4.0, -1.5, -0.3], [0.4, 1.0, 3.5]])
    mt.grad_check(CASES[name][0], points)


def test_prelu_learns_a_slope_for_each_channel(backend):
    x = mt.tensor(np.random.default_rng(0).standard_normal((2, 3, 4)))
    slopes = mt.tensor([0.1, 0.5, 2.0])
    expected = np.where(x.numpy() > 0, x.numpy(), np.array([0.1, 0.5, 2.0])[:, None] * x.numpy())
    np.testing.assert_allclose(functional.prelu(x, slopes).numpy(), expected, rtol=1e-15)
    mt.grad_check(functional.prelu, x, slopes)


def test_softplus_is_its_input_above_the_threshold():
    assert functional.softplus(mt.tensor([3.0]), threshold=2.0).tolist() == [3.0]


def test_an_approximation_that_there_is_not():
    with pytest.raises(ValueError, match="gelu: approximate must be 'none' or 'tanh', not 'exp'"):
        functional.gelu(mt.zeros(1), "exp")


def test_slopes_that_do_not_fit():
    with pytest.raises(mt.ShapeError, match="do not broadcast"):
        functional.prelu(mt.zeros(2, 3), mt.zeros(2))
    with pytest.raises(ValueError, match="PReLU: num_parameters must be a positive integer, not 0"):
        mt_nn.PReLU(0)


@pytest.mark.parametrize(
    ("layer", "function", "shown"),
    [
        (mt_nn.SiLU(), functional.silu, "SiLU()"),
        (mt_nn.GELU(), functional.gelu, "GELU(approximate='none')"),
        (mt_nn.LeakyReLU(), functional.leaky_relu, "LeakyReLU(negative_slope=0.01)"),
        (mt_nn.ELU(), functional.elu, "ELU(alpha=1.0)"),
        (mt_nn.Softplus(), functional.softplus, "Softplus(beta=1.0, threshold=20.0)"),
        (
            mt_nn.PReLU(),
            lambda x: functional.leaky_relu(x, 0.25),
            "PReLU(num_parameters=1)",
        ),
    ],
)
def test_the_layer_is_its_function(layer, function, shown):
    x = mt.tensor(X)
    assert layer(x).tolist() == function(x).tolist()
    assert repr(layer) == shown
