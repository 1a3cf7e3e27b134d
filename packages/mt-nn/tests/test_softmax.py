import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import mt_tensor as mt
from mt_nn import LogSoftmax, Softmax
from mt_nn.functional import log_softmax, softmax


def oracle(x, axis):
    wide = x.astype(np.longdouble)
    wide = wide - wide.max(axis, keepdims=True)
    return wide - np.log(np.exp(wide).sum(axis, keepdims=True))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_both_match_extended_precision(backend, dim):
    x = np.random.default_rng(0).standard_normal((2, 3, 4)) * 10
    logs = oracle(x, dim)
    result = log_softmax(mt.tensor(x), dim).numpy()
    np.testing.assert_allclose(result, logs.astype(float), rtol=0, atol=1e-13)
    result = softmax(mt.tensor(x), dim).numpy()
    np.testing.assert_allclose(result, np.exp(logs).astype(float), rtol=1e-12)


def test_large_inputs_do_not_overflow(backend):
    x = mt.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]])
    expected = [[0.0, -2e4, -1e4], [-np.log(3.0)] * 3]
    np.testing.assert_allclose(log_softmax(x, 1).numpy(), expected, rtol=1e-12)
    expected = [[1.0, 0.0, 0.0], [1 / 3] * 3]
    np.testing.assert_allclose(softmax(x, 1).numpy(), expected, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, (2, 3), elements=st.floats(-1e4, 1e4)))
def test_probabilities_sum_to_one_and_a_shift_changes_nothing(x):
    result = softmax(mt.tensor(x, backend="simple"), 1).numpy()
    np.testing.assert_allclose(result.sum(1), 1.0, rtol=1e-11)
    shifted = softmax(mt.tensor(x + 100.0, backend="simple"), 1).numpy()
    np.testing.assert_allclose(shifted, result, rtol=0, atol=1e-11)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("function", [log_softmax, softmax])
def test_their_gradients(backend, function, dim):
    x = mt.tensor(np.random.default_rng(1).standard_normal((3, 4)))
    mt.grad_check(lambda t: function(t, dim), x)


@pytest.mark.parametrize("function", [log_softmax, softmax])
def test_what_does_not_fit(function):
    name = function.__name__
    with pytest.raises(mt.ShapeError, match=rf"{name}: dim 2 is out of range for .* \(2, 3\)"):
        function(mt.zeros(2, 3), 2)
    with pytest.raises(mt.DTypeError, match=f"{name}: input is int64; only floats compute"):
        function(mt.zeros(2, 3, dtype="int64"), 1)


@pytest.mark.parametrize(("kind", "function"), [(Softmax, softmax), (LogSoftmax, log_softmax)])
def test_the_layer_is_its_function(kind, function):
    x = mt.tensor([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_array_equal(kind(dim=0)(x).numpy(), function(x, 0).numpy(), strict=True)
    assert repr(kind(dim=-1)) == f"{kind.__name__}(dim=-1)"
