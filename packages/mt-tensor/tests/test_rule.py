"""Rules over data: which inputs get a share, and what is kept for it."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_autodiff import LEAF, no_grad
from mt_operators import add, lt, mul, sigmoid, where
from mt_tensor.functions.elementwise import rule_of
from mt_tensor.functions.rule import DataRule, recorded
from mt_tensor.simple import SimpleBackend


class Watched(SimpleBackend):
    """Notes which functions are computed."""

    name = "watched"

    def __init__(self):
        super().__init__()
        self.calls = []

    def elementwise(self, fn, a, b=None, *others):
        self.calls.append(fn.__name__)
        return super().elementwise(fn, a, b, *others)


@pytest.fixture
def backend():
    return Watched()


def leaf(backend, *values):
    return mt.tensor(np.array(values), backend=backend, requires_grad=True)


def shares(op, inputs, saved, *grad):
    """Return the shares of a rule, for each input; None where there is none."""
    backend = inputs[0].backend
    given = mt.tensor(np.array(grad), backend=backend).data
    found = rule_of(op).shares(inputs, tuple(t.data for t in saved), given, backend)
    of = {id(v): backend.to_array(g).tolist() for v, g in found}
    return [of.get(id(v)) for v in inputs]


def test_an_input_that_needs_none_gets_no_share_and_takes_no_time(backend):
    x, y = leaf(backend, 2.0, 3.0), leaf(backend, 5.0, 7.0).detach()
    assert rule_of(mul).__name__ == "mul"
    assert shares(mul, (x, y), (x, y), 1.0, 10.0) == [[5.0, 70.0], None]
    assert backend.calls == ["mul_pullback_0"]


def test_a_partial_of_one_passes_the_gradient_itself(backend):
    x, y = leaf(backend, 2.0), leaf(backend, 5.0)
    given = leaf(backend, 4.0).data
    assert [g is given for _, g in rule_of(add).shares((x, y), (), given, backend)] == [True, True]
    assert backend.calls == []


def test_the_output_may_be_what_is_saved(backend):
    x, y = leaf(backend, 0.0), leaf(backend, 0.5)
    assert shares(sigmoid, (x,), (y,), 4.0) == [[1.0]]


def test_an_input_without_a_derivative_gets_no_share(backend):
    given = leaf(backend, 1.0), leaf(backend, 2.0), leaf(backend, 3.0)
    assert shares(where, given, given, 4.0) == [None, [4.0], [0.0]]


def test_what_has_no_derivative_has_no_rule():
    assert rule_of(lt) is None


def test_a_rule_says_that_it_is_unfinished():
    with pytest.raises(NotImplementedError, match="Unfinished: the rule defines no shares"):
        Unfinished().shares((), (), None, None)


class Unfinished(DataRule):
    """Nothing yet."""


def test_what_is_computed_from_constants_is_a_constant(backend):
    x = leaf(backend, 1.0)
    rule = Unfinished()
    assert recorded(rule, x.data, (x.detach(), x), ()).history.last_fn is rule
    assert recorded(rule, x.data, (x.detach(), x.detach()), ()).history is None
    with no_grad():
        assert recorded(rule, x.data, (x,), ()).history is None


def test_a_leaf_that_no_longer_wants_a_gradient_gets_none():
    x, y = mt.tensor([2.0], requires_grad=True), mt.tensor([3.0], requires_grad=True)
    z = x * y + x.exp()
    x.requires_grad_(False)
    z.sum().backward()
    assert x.grad is None
    assert y.grad.tolist() == [2.0]
    assert y.history is LEAF
