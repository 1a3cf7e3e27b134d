"""The gradient of every operator, function and method, and the sensitivity of the check.

A gradient is compared with a difference quotient. That the comparison would notice a wrong one is
shown for each gradient of each rule: scaled by 1.01, it must fail.
"""

import importlib
import inspect
import pkgutil
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_tensor as mt
import mt_tensor.functions
from mt_autodiff import Function, GradientError
from mt_operators import mul, zero
from mt_operators.testing import sample
from mt_tensor.functions.elementwise import Elementwise
from mt_tensor.functions.indexing import Gather
from mt_tensor.functions.joining import Cat
from mt_tensor.functions.matmul import MatMul
from mt_tensor.functions.movement import Copy, Expand, Permute, Restride, View
from mt_tensor.functions.padding import Pad
from mt_tensor.functions.reduction import CumSum, Extremum, Mean, Prod, Sum
from mt_tensor.functions.rule import DataRule
from mt_tensor.functions.transfer import Transfer
from mt_tensor.simple import SimpleBackend
from mt_tensor.testing import OPERATORS
from mt_tensor.testing.strategies import arrays, keys

RNG = np.random.default_rng(0)
OTHER = SimpleBackend()


def normal(*shape):
    return RNG.standard_normal(shape)


def distinct(*shape):
    """Return numbers far enough apart for a maximum to have a derivative."""
    return RNG.permutation(int(np.prod(shape))).reshape(shape) / 4.0 - 1.0


def with_zeros(count):
    array = RNG.uniform(0.5, 2.0, (2, 4))
    array[0, :count] = 0.0
    return array


PARTIALS = [
    (name, i)
    for name, operator in OPERATORS.items()
    for i, partial in enumerate(operator.partials)
    if partial is not zero
]

FUNCTIONS = [
    (Sum, lambda x: x.sum(), [normal(2, 3)]),
    (Sum, lambda x: x.sum(1), [normal(2, 3, 2)]),
    (Sum, lambda x: x.sum((0, -1), keepdim=False), [normal(2, 3, 2)]),
    (Extremum, lambda x: x.max(), [distinct(2, 3)]),
    (Extremum, lambda x: x.max(1), [distinct(2, 3, 2)]),
    (Extremum, lambda x: x.min((0, 2)), [distinct(2, 3, 2)]),
    (Prod, lambda x: x.prod(), [normal(2, 3)]),
    (Prod, lambda x: x.prod(0), [normal(2, 3)]),
    (Prod, lambda x: x.prod(1), [with_zeros(1)]),
    (Prod, lambda x: x.prod(1), [with_zeros(2)]),
    (Mean, lambda x: x.mean(), [normal(2, 3)]),
    (Mean, lambda x: x.mean(1), [normal(2, 3, 2)]),
    (Mean, lambda x: x.mean((0, -1), keepdim=False), [normal(2, 3, 2)]),
    (CumSum, lambda x: x.cumsum(0), [normal(5, 2)]),
    (CumSum, lambda x: x.cumsum(-1), [normal(2, 7)]),
    (Permute, lambda x: x.permute(2, 0, 1), [normal(2, 3, 4)]),
    (View, lambda x: x.view(3, -1), [normal(2, 3, 2)]),
    (Expand, lambda x: x.expand(4, 2, 3), [normal(2, 1)]),
    (Copy, lambda x: x.T.contiguous(), [normal(2, 3)]),
    (Copy, lambda x: x.clone(), [normal(2, 3)]),
    (Restride, lambda x: x[1:, ::-2, None], [normal(3, 5)]),
    (Restride, lambda x: x[..., -1], [normal(3, 5)]),
    (Gather, lambda x: x[[0, 2, 0], :], [normal(3, 2)]),
    (Gather, lambda x: x[:, [[0], [1]], [2, 2]], [normal(2, 2, 3)]),
    (Gather, lambda x: x[np.array([[True, False], [True, True]])], [normal(2, 2, 3)]),
    (Cat, lambda x, y, z: mt.cat([x, y, z], 1), [normal(2, 3), normal(2, 1), normal(2, 2)]),
    (Pad, lambda x: mt.pad(x, (1, 2, 0, 1), 5.0), [normal(2, 3)]),
    (MatMul, lambda x, y: x @ y, [normal(2, 3), normal(3, 4)]),
    (MatMul, lambda x, y: x @ y, [normal(5, 1, 2, 3), normal(4, 3, 2)]),
    (MatMul, lambda x, y: x @ y, [normal(3), normal(2, 3, 4)]),
    (MatMul, lambda x, y: x @ y, [normal(2, 2, 3), normal(3)]),
    (MatMul, lambda x, y: x @ y.T, [normal(3, 2).T, normal(4, 3)]),
    (Transfer, lambda x: x.to(OTHER).to(x.backend), [normal(2, 3)]),
]

METHODS = {
    "add with broadcasting": (lambda x, y: x + y, [normal(3, 1), normal(2, 1, 4)]),
    "mul of a tensor with itself": (lambda x: x * x, [normal(3)]),
    "numbers on either side": (lambda x: (2.0 - x) / 3.0 + 1.0 / (x * x + 1.0) ** 2, [normal(3)]),
    "var": (lambda x: x.var(0), [normal(4, 2)]),
    "var without correction": (lambda x: x.var(correction=0.0), [normal(4)]),
    "std": (lambda x: x.std((0, 1), keepdim=False), [normal(2, 3)]),
    "logsumexp": (lambda x: x.logsumexp(1), [normal(2, 3)]),
    "pow": (lambda x, y: x**y, [abs(normal(2, 3)) + 0.5, normal(3)]),
    "reflected pow": (lambda x: 2.0**x, [normal(3)]),
    "where": (lambda x, y: mt.where([[True], [False]], x, y), [normal(2, 3), normal(3)]),
    "clamp by tensors": (lambda x, y: x.clamp(y, 9.0), [distinct(2, 3), distinct(3) + 0.125]),
    "leaky relu": (lambda x: x.leaky_relu(0.1), [distinct(2, 3) + 0.125]),
    "transpose": (lambda x: x.transpose(0, -1), [normal(2, 3, 2)]),
    "squeeze and unsqueeze": (lambda x: x.unsqueeze(1).squeeze(0), [normal(1, 3)]),
    "flatten": (lambda x: x.T.flatten(), [normal(2, 3)]),
    "reshape with a copy": (lambda x: x.T.reshape(2, 3), [normal(2, 3)]),
    "flip": (lambda x: x.flip(0, 1), [normal(2, 3)]),
    "narrow": (lambda x: x.narrow(1, 1, 2), [normal(2, 4)]),
    "split": (lambda x: x.split(2)[1] * x.split([1, 2])[1], [normal(3, 2)]),
    "stack": (lambda x, y: mt.stack([x, y, x], 1), [normal(2, 3), normal(2, 3)]),
    "tril": (lambda x: mt.tril(x, 1), [normal(3, 3)]),
    "triu": (mt.triu, [normal(2, 3, 3)]),
    "rows of a tensor": (lambda x: sum(row * i for i, row in enumerate(x)), [normal(3, 2)]),
    "einsum": (lambda x, y: mt.einsum("bij,kj->bk", x, y), [normal(2, 3, 4), normal(5, 4)]),
    "einsum of three": (
        lambda x, y, z: mt.einsum("i,ij,j->", x, y, z),
        [normal(2), normal(2, 3), normal(3)],
    ),
    "einsum of one": (lambda x: mt.einsum("ij->j", x), [normal(2, 3)]),
    "a method of two uses": (lambda x: x.exp() * x.sum(0) + x.max(1), [distinct(3, 3)]),
    "a view of a view": (lambda x: x.T[1:].view(2, 1, 2).permute(2, 1, 0), [normal(2, 3)]),
}


def operands(name):
    """Draw twelve inputs of an operator, away from its kinks."""
    operator = OPERATORS[name]
    rng = random.Random(0)  # noqa: S311
    drawn = np.array([sample(operator, rng) for _ in range(12)])
    return [mt.tensor(column.reshape(3, 4)) for column in drawn.T]


def check_operator(name, i):
    """Check the gradient by one input of an operator, the others held."""
    values = operands(name)

    def f(x):
        return OPERATORS[name](*values[:i], x, *values[i + 1 :])

    mt.grad_check(f, values[i])


@pytest.mark.parametrize(("name", "i"), PARTIALS)
def test_an_operators_gradient(name, i):
    check_operator(name, i)


@pytest.mark.parametrize(("name", "i"), PARTIALS)
def test_an_operators_gradient_that_is_wrong_by_a_hundredth_is_noticed(monkeypatch, name, i):
    make_wrong(monkeypatch, Elementwise, i, lambda rule: rule.op is OPERATORS[name])
    with pytest.raises(GradientError, match="input 0: the gradient along a random direction is"):
        check_operator(name, i)


def test_what_has_no_gradient_by_an_operator():
    condition = mt.tensor([1.0, 0.0], requires_grad=True)
    x = mt.tensor([2.0, 3.0], requires_grad=True)
    mt.where(condition, x, 0.0).sum().backward()
    assert condition.grad is None
    assert x.grad.tolist() == [1.0, 0.0]


def labels(cases):
    return [f"{kind.__name__}-{n}" for n, (kind, *_) in enumerate(cases)]


@pytest.mark.parametrize("case", FUNCTIONS, ids=labels(FUNCTIONS))
def test_a_functions_gradient(case):
    _, f, inputs = case
    mt.grad_check(f, *map(mt.tensor, inputs))


EACH_INPUT = [(*case, i) for case in FUNCTIONS for i in range(len(case[2]))]


@pytest.mark.parametrize("case", EACH_INPUT, ids=labels(EACH_INPUT))
def test_a_functions_gradient_that_is_wrong_by_a_hundredth_is_noticed(monkeypatch, case):
    kind, f, inputs, i = case
    if issubclass(kind, DataRule):
        make_wrong(monkeypatch, kind, i)
    else:
        original = kind.backward

        def off(ctx, grad_output):
            grads = original(ctx, grad_output)
            return scaled(grads if isinstance(grads, tuple) else (grads,), i)

        monkeypatch.setattr(kind, "backward", staticmethod(off))
    with pytest.raises(GradientError, match=r"input \d: the gradient along a random direction"):
        mt.grad_check(f, *map(mt.tensor, inputs))


def make_wrong(monkeypatch, kind, i, chosen=lambda _: True):
    """Let a rule give its input number i a hundredth too much."""
    original = kind.shares

    def off(self, inputs, saved, grad, backend):
        shares = original(self, inputs, saved, grad, backend)
        if not chosen(self):
            return shares
        more = mt.tensor(1.01, backend=backend).data
        return [(v, backend.elementwise(mul, g, more) if v is inputs[i] else g) for v, g in shares]

    monkeypatch.setattr(kind, "shares", off)


def scaled(grads, i):
    return tuple(g * 1.01 if k == i and g is not None else g for k, g in enumerate(grads))


def test_every_function_of_the_library_is_checked():
    modules = [
        importlib.import_module(f"mt_tensor.functions.{info.name}")
        for info in pkgutil.iter_modules(mt_tensor.functions.__path__)
    ]
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, (Function, DataRule))
    }
    assert found - {Function, DataRule, Elementwise} == {kind for kind, *_ in FUNCTIONS}


@pytest.mark.parametrize("name", METHODS)
def test_a_methods_gradient(name):
    f, inputs = METHODS[name]
    mt.grad_check(f, *map(mt.tensor, inputs))


@pytest.mark.parametrize("case", FUNCTIONS, ids=labels(FUNCTIONS))
def test_gradients_in_float32_are_those_of_float64(case):
    _, f, inputs = case
    grads = []
    for dtype in ("float32", "float64"):
        leaves = [mt.tensor(x, dtype, requires_grad=True) for x in inputs]
        result = f(*leaves)
        result.backward(np.random.default_rng(1).standard_normal(result.shape))
        grads.append([leaf.grad for leaf in leaves])
    for narrow, wide in zip(*grads, strict=True):
        assert narrow.dtype is mt.float32
        np.testing.assert_allclose(narrow.numpy(), wide.numpy(), rtol=1e-4, atol=1e-5)


def test_ties_share_the_gradient_of_an_extremum():
    x = mt.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], requires_grad=True)
    x.max(1).backward(mt.tensor([[6.0], [6.0]]))
    assert x.grad.tolist() == [[0.0, 3.0, 3.0], [2.0, 2.0, 2.0]]


def test_a_product_with_several_zeros_has_no_gradient():
    x = mt.tensor([0.0, 2.0, 0.0], requires_grad=True)
    x.prod().backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_folds_over_nothing_have_gradients_of_nothing():
    for f in (lambda x: x.sum(1), lambda x: x.prod(1), lambda x: x.mean(1), lambda x: x.cumsum(1)):
        x = mt.ones(2, 0, requires_grad=True)
        f(x).sum().backward()
        assert x.grad.shape == (2, 0)


LINEAR = {
    "sum": lambda x, _: x.sum(),
    "sum along the first": lambda x, _: x.sum(0),
    "running sum": lambda x, _: x.cumsum(-1),
    "permute": lambda x, _: x.T,
    "reshape": lambda x, _: x.reshape(-1),
    "expand": lambda x, _: x.expand(2, *x.shape),
    "clone": lambda x, _: x.clone(),
    "flip": lambda x, _: x.flip(0),
    "index": lambda x, key: x[key],
    "cat": lambda x, _: mt.cat([x, x * 2.0, x[:0]]),
    "stack": lambda x, _: mt.stack([x, x]),
    "pad": lambda x, _: mt.pad(x, (1, 2)),
    "triangle": lambda x, _: mt.tril(x.reshape(x.shape[0], -1)) if x.shape[0] else x,
    "transfer": lambda x, _: x.to(OTHER).to(x.backend),
    "product": lambda x, _: x.reshape(-1) @ mt.arange(2 * x.size).to("float64").view(x.size, 2),
    "mean": lambda x, _: x.mean(),
}


@pytest.mark.parametrize("name", LINEAR)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_linear_functions_and_their_backwards_are_adjoint(name, data):
    shape = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple))
    key = data.draw(keys(shape))
    x = mt.tensor(data.draw(arrays(shape)), requires_grad=True)
    result = LINEAR[name](x, key)
    y = data.draw(arrays(result.shape))
    result.backward(y)
    straight = float((result.detach().numpy() * y).sum())
    pulled = float((x.grad.numpy() * x.detach().numpy()).sum())
    assert pulled == pytest.approx(straight, rel=1e-12, abs=1e-9)
