"""The engine asks little of a variable: here one of pairs of numbers, which holds its history."""

import pytest

from mt_autodiff import LEAF, Function, GradientError, Variable, backpropagate, next_id


class Pair(Variable):
    __slots__ = ("grad", "history", "values")

    def __init__(self, values, history=LEAF):
        self.values = values
        self.history = history
        self.grad = (0.0, 0.0)
        self.unique_id = next_id()

    @classmethod
    def _admit(cls, inputs):
        return tuple(x if isinstance(x, Pair) else Pair(x, None) for x in inputs)

    @classmethod
    def _values(cls, variables):
        return tuple(v.values for v in variables)

    @classmethod
    def _result(cls, value, history, name):
        return cls(value, history)

    def _fit(self, grad):
        return Sum(grad)

    def _accumulate(self, grad):
        self.grad = Sum(self.grad) + grad


class Sum(tuple):
    """A gradient that adds up item by item."""

    __slots__ = ()

    def __add__(self, other):
        return Sum(a + b for a, b in zip(self, other, strict=True))


class Product(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return (x[0] * y[0], x[1] * y[1])

    @staticmethod
    def backward(ctx, grad_output):
        x, y = ctx.saved_values
        by_x = tuple(d * b for d, b in zip(grad_output, y, strict=True))
        return by_x, tuple(d * a for d, a in zip(grad_output, x, strict=True))


def test_the_engine_differentiates_any_variable():
    x, y = Pair((2.0, 3.0)), Pair((5.0, 7.0))
    z = Product.apply(Product.apply(x, y), x)
    assert (x.is_leaf(), z.is_leaf(), z.is_constant()) == (True, False, False)
    backpropagate(z, Sum((1.0, 10.0)))
    assert x.grad == (20.0, 420.0)
    assert y.grad == (4.0, 90.0)
    assert z.history.inputs == ()


def test_a_constant_of_any_kind_gets_no_gradient():
    x = Pair((2.0, 3.0))
    z = Product.apply((5.0, 7.0), x)
    constant = z.parents[0]
    backpropagate(z, Sum((1.0, 1.0)))
    assert (constant.is_constant(), constant.is_leaf()) == (True, False)
    assert (constant.grad, x.grad) == ((0.0, 0.0), (5.0, 7.0))


def test_a_walk_from_a_constant_goes_nowhere():
    constant = Pair((1.0, 1.0), None)
    constant._free()
    assert list(constant._sources()) == []
    with pytest.raises(GradientError, match="this Pair is a constant: nothing was recorded"):
        backpropagate(constant, Sum((1.0, 1.0)))
