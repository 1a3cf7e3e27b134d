"""A backward writes over gradients that nobody else holds, and over nothing that anybody does."""

from typing import ClassVar

import numpy as np
import pytest

import mt_tensor as mt
from mt_fast.backend import FastBackend
from mt_tensor import Context, Function, Tensor

SIZE = (100, 100)
RNG = np.random.default_rng(0)
X, G = RNG.normal(size=SIZE), RNG.normal(size=SIZE)
SLOPE = (X > 0.0).astype(float)


class Watched(FastBackend):
    """Notes over what it has written."""

    def __init__(self):
        super().__init__()
        self.overwritten = 0

    def replaced(self, fn, a, b):
        made = super().replaced(fn, a, b)
        self.overwritten += made is a
        return made


@pytest.fixture
def backend():
    return Watched()


@pytest.fixture
def x(backend):
    return mt.tensor(X, backend=backend, requires_grad=True)


def given(x):
    return mt.tensor(G, backend=x.backend)


class Keep(Function):
    """The identity, which keeps the gradients that it is given and gives."""

    kept: ClassVar[list[Tensor]] = []

    @staticmethod
    def forward(ctx: Context, x):
        return x * 1.0

    @staticmethod
    def backward(ctx: Context, grad_output):
        made = grad_output * 1.0
        Keep.kept = [grad_output, made]
        return made


def test_a_gradient_that_only_the_walk_holds_is_overwritten(x, backend):
    ((x * 3.0).relu() * 2.0).backward(given(x))
    assert backend.overwritten == 1
    np.testing.assert_array_equal(x.grad.numpy(), G * 2.0 * SLOPE * 3.0)


def test_what_a_user_passes_to_backward_is_not(x, backend):
    grad = given(x)
    (x * 3.0).relu().backward(grad)
    assert backend.overwritten == 0
    np.testing.assert_array_equal(grad.numpy(), G)
    np.testing.assert_array_equal(x.grad.numpy(), G * SLOPE * 3.0)


def test_what_a_hook_has_seen_is_not(x, backend):
    y = (x * 3.0).relu()
    seen = []
    y.register_hook(seen.append)
    (y * 2.0).backward(given(x))
    assert backend.overwritten == 0
    np.testing.assert_array_equal(seen[0].numpy(), G * 2.0)


def test_what_a_hook_puts_in_its_place_is_not(x, backend):
    y, other = (x * 3.0).relu(), given(x)
    y.register_hook(lambda grad: other)
    (y * 2.0).backward(given(x))
    assert backend.overwritten == 0
    np.testing.assert_array_equal(other.numpy(), G)
    np.testing.assert_array_equal(x.grad.numpy(), G * SLOPE * 3.0)


def test_what_a_function_keeps_is_not(x, backend):
    y = Keep.apply((x * 3.0).relu())
    (y.relu() * 2.0).backward(given(x))
    assert backend.overwritten == 1  # what came to the last activation, before the function
    np.testing.assert_array_equal(Keep.kept[0].numpy(), G * 2.0 * SLOPE)
    np.testing.assert_array_equal(Keep.kept[1].numpy(), G * 2.0 * SLOPE)
    np.testing.assert_array_equal(x.grad.numpy(), G * 2.0 * SLOPE * 3.0)


def test_what_two_branches_share_is_not_as_long_as_both_need_it(x):
    a, b = (x * 3.0).relu(), (x * -3.0).exp()
    ((a + b) * 2.0).backward(given(x))
    np.testing.assert_allclose(x.grad.numpy(), G * 6.0 * (SLOPE - np.exp(-3.0 * X)), rtol=1e-12)


def test_a_view_of_a_gradient_is_not(x):
    y = (x * 3.0).relu()
    z = y.view(-1).relu() * 2.0
    (z.view(*SIZE) + y.permute(1, 0)).backward(given(x))
    np.testing.assert_allclose(x.grad.numpy(), (2.0 * G + G.T) * SLOPE * 3.0, rtol=1e-12)


def test_a_graph_that_is_retained_gives_the_same_again(x, backend):
    y = (x * 3.0).relu() * 2.0
    y.backward(given(x), retain_graph=True)
    once = x.grad.numpy().copy()
    assert backend.overwritten == 0
    x.zero_grad_()
    y.backward(given(x))
    np.testing.assert_array_equal(x.grad.numpy(), once)


def test_the_chain_rule_of_one_node_leaves_the_gradient_alone(x, backend):
    y, grad = (x * 3.0).relu(), given(x)
    ((_, share),) = y.chain_rule(grad)
    assert backend.overwritten == 0
    np.testing.assert_array_equal(grad.numpy(), G)
    np.testing.assert_array_equal(share.numpy(), G * SLOPE)


def test_a_leaf_keeps_a_gradient_of_its_own(x, backend):
    (x.relu() * 2.0).backward(given(x))
    kept = x.grad
    (x.relu() * 2.0).backward(given(x))
    np.testing.assert_array_equal(kept.numpy(), G * 2.0 * SLOPE)
    np.testing.assert_array_equal(x.grad.numpy(), G * 4.0 * SLOPE)


def test_a_captured_step_computes_the_same_bits(backend):
    def step(x, grad):
        y = x.detach().requires_grad_()
        (((y * 3.0).relu() * 2.0).relu() * grad).sum().backward()
        return y.grad.detach()

    x = mt.tensor(X, backend=backend)
    eager, captured = step(x, given(x)).numpy(), mt.capture(step)
    for _ in range(5):
        np.testing.assert_array_equal(captured(x, given(x)).numpy(), eager)
    assert backend.overwritten > 0
    np.testing.assert_array_equal(eager, 6.0 * G * SLOPE)
