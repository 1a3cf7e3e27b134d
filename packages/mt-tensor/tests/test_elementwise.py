"""Every operator on tensors: forward against NumPy, broadcasting, promotion, Python's signs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt_operators
import mt_tensor as mt
from mt_operators import Op, op
from mt_tensor import BackendError, DTypeError, ShapeError
from mt_tensor.simple import SimpleBackend
from mt_tensor.testing import NUMPY, OPERATORS, samples
from mt_tensor.testing.strategies import arrays, broadcastable

EXACT = {**NUMPY}
EXACT["erf"] = np.vectorize(math.erf, otypes=[float])
EXACT["gelu"] = np.vectorize(lambda x: 0.5 * x * math.erfc(-x / math.sqrt(2.0)), otypes=[float])
EXACT["is_close"] = lambda x, y: abs(x - y) < 1e-2

METHODS = {
    "abs": ("absolute", ()),
    "neg": ("neg", ()),
    "reciprocal": ("inv", ()),
    "exp": ("exp", ()),
    "log": ("log", ()),
    "sqrt": ("sqrt", ()),
    "sin": ("sin", ()),
    "cos": ("cos", ()),
    "erf": ("erf", ()),
    "tanh": ("tanh", ()),
    "sigmoid": ("sigmoid", ()),
    "relu": ("relu", ()),
    "gelu": ("gelu", ()),
    "softplus": ("softplus", ()),
    "leaky_relu": ("leaky_relu", (0.01,)),
}


def test_every_operator_has_an_oracle_and_a_public_name():
    assert set(EXACT) == set(OPERATORS)
    assert all(getattr(mt, name) is OPERATORS[name] for name in OPERATORS)


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_of_tensors(name):
    inputs = samples(OPERATORS[name], (3, 4), mt.float64)
    result = OPERATORS[name](*map(mt.tensor, inputs))
    np.testing.assert_allclose(result.numpy(), EXACT[name](*inputs), rtol=1e-13, atol=1e-13)
    assert result.dtype == (mt.bool_ if OPERATORS[name].predicate else mt.float64)


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_its_operator(method):
    name, extra = METHODS[method]
    inputs = samples(OPERATORS[name], (3, 4), mt.float64)[:1]
    result = getattr(mt.tensor(inputs[0]), method)()
    wanted = EXACT[name](*inputs, *extra)
    np.testing.assert_allclose(result.numpy(), wanted, rtol=1e-13, atol=1e-13)


def test_methods_of_several_tensors():
    x, y = mt.tensor([1.0, -2.0, 3.0]), mt.tensor([2.0, -3.0, 3.0])
    assert x.maximum(y).tolist() == [2.0, -2.0, 3.0]
    assert x.minimum(0.0).tolist() == [0.0, -2.0, 0.0]
    assert x.pow(2.0).tolist() == [1.0, 4.0, 9.0]
    assert x.clamp(-1.0, 2.0).tolist() == [1.0, -1.0, 2.0]
    assert x.clamp(high=0.0).tolist() == [0.0, -2.0, 0.0]
    assert x.clamp(y).tolist() == [2.0, -2.0, 3.0]
    assert x.where(x > y, 0.0).tolist() == [0.0, -2.0, 0.0]
    assert x.is_close(y + 0.005).tolist() == [False, False, True]
    assert x.leaky_relu(0.5).tolist() == [1.0, -1.0, 3.0]
    assert mt.where(x > 0.0, x, 10.0 * y).tolist() == [1.0, -30.0, 3.0]
    assert mt.where([True, False, True], x, 0.0).tolist() == [1.0, 0.0, 3.0]


SIGNS = {
    "+": (lambda a, b: a + b),
    "-": (lambda a, b: a - b),
    "*": (lambda a, b: a * b),
    "/": (lambda a, b: a / b),
    "**": (lambda a, b: a**b),
    "<": (lambda a, b: a < b),
    "<=": (lambda a, b: a <= b),
    ">": (lambda a, b: a > b),
    ">=": (lambda a, b: a >= b),
    "==": (lambda a, b: a == b),
    "!=": (lambda a, b: a != b),
}


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("other", [2.0, 2, True, [1.0, 2.0, 0.5], np.array([[1.0], [2.0]])])
def test_signs_with_tensors_and_numbers_on_either_side(sign, dtype, other):
    f = SIGNS[sign]
    array = np.array([[1.0, 2.0, 0.5], [0.25, 4.0, 2.0]], dtype)
    x = mt.tensor(array)
    plain = isinstance(other, (bool, int, float))
    right = np.asarray(other, dtype if plain else None)
    with np.errstate(all="ignore"):
        for result, wanted in (
            (f(x, other), f(array, right)),
            (f(other, x), f(right, array)),
            (f(x, mt.tensor(right)), f(array, right)),
        ):
            np.testing.assert_allclose(result.numpy(), wanted, rtol=1e-6, strict=True)


def test_the_signs_of_one_tensor():
    x = mt.tensor([1.0, -2.0])
    assert (-x).tolist() == [-1.0, 2.0]
    assert abs(x).tolist() == [1.0, 2.0]
    assert +x is x
    assert hash(x) == hash(x)
    assert hash(x) != hash(mt.tensor([1.0, -2.0]))
    assert (x == None) is False  # noqa: E711  what `in` and `remove` of lists ask
    assert (x != "text") is True


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_operands_are_broadcast_as_numpys(data):
    views = [data.draw(arrays(shape)) for shape in data.draw(broadcastable(3))]
    result = mt.clamp(*map(mt.tensor, views))
    low = np.maximum(views[0], views[1])
    np.testing.assert_array_equal(result.numpy(), np.minimum(low, views[2]), strict=True)


@pytest.mark.parametrize("a", ["float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("b", ["float32", "float64", "int64", "bool"])
def test_dtypes_meet_as_numpys_and_integers_compute_as_floats(a, b):
    x, y = mt.ones(2, dtype=a), mt.ones(2, dtype=b)
    meet = np.promote_types(a, b)
    assert (x * y).dtype == (meet if meet.kind == "f" else mt.float64)
    assert (x * y).tolist() == [1.0, 1.0]
    assert (x > y).dtype is mt.bool_


def test_a_number_takes_the_dtype_of_the_tensor():
    x = mt.ones(2, dtype="float32")
    assert (x + 0.1).dtype == (2 * x).dtype == (x + True).dtype == mt.float32
    assert (x + np.float64(0.1)).dtype == mt.float32
    assert (x + np.array([0.1])).dtype == mt.float64


def test_signed_zeros_and_equal_numbers_are_told_apart():
    x = mt.zeros(1)
    assert np.signbit((x * -1.0 * 1.0).numpy()).all()
    assert not np.signbit((x + 0.0).numpy()).any()
    y = -mt.ones(1) * 0.0
    assert np.signbit((y + -0.0).numpy()).all()
    assert not np.signbit((y + 0.0).numpy()).any()


def test_numbers_that_were_used_before_are_right_in_every_shape():
    for shape in ((), (2,), (2, 3), (0,)):
        x = mt.ones(*shape)
        np.testing.assert_array_equal((x + 2.5).numpy(), np.full(shape, 3.5), strict=True)
        np.testing.assert_array_equal((x + float("inf")).numpy(), np.full(shape, np.inf))
        assert np.isnan((x * float("nan")).numpy()).all()


def test_a_users_operator_on_tensors():
    @op(lambda x, y: 2.0 * x * y, lambda x, _: x * x)
    def scaled_square(x, y):
        return x * x * y

    x, y = mt.tensor([1.0, 2.0], requires_grad=True), mt.tensor([3.0], requires_grad=True)
    z = scaled_square(x, y)
    assert z.tolist() == [3.0, 12.0]
    z.sum().backward()
    assert x.grad.tolist() == [6.0, 12.0]
    assert y.grad.tolist() == [5.0]


def test_operators_that_are_no_operators_of_tensors_stay_floats():
    assert mt_operators.add(1.0, 2.0) == 3.0
    assert isinstance(mt.add, Op)


def test_shapes_that_do_not_broadcast():
    message = (
        r"add: \(4, 3\) and \(2, 3\) do not broadcast: dimension 0 is 4 and 2, which must be "
        "equal or one of them 1"
    )
    with pytest.raises(ShapeError, match=message):
        mt.ones(4, 3) + mt.ones(2, 3)
    with pytest.raises(ShapeError, match=r"where: \(2,\) and \(3,\) and \(\) do not broadcast"):
        mt.where(mt.ones(2), mt.ones(3), 1.0)


@pytest.mark.parametrize("other", [object(), "text", None, {}, [1, "x"]])
def test_what_is_no_operand(other):
    with pytest.raises(DTypeError, match=r"is not a number, a tensor or an array|cannot hold elem"):
        mt.ones(2) + other


def test_two_backends_do_not_meet():
    class Other(SimpleBackend):
        name = "other"

    other = mt.ones(2, backend=Other())
    for f in (
        lambda: mt.ones(2) + other,
        lambda: other @ mt.ones(2),
        lambda: mt.cat([other, mt.ones(2)]),
    ):
        with pytest.raises(
            BackendError, match=r"one tensor is on '\w+' and another on '\w+'; move"
        ):
            f()
