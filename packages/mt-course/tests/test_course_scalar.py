"""The course's scalars, functions of scalars, and checks of derivatives."""

# ruff: noqa: SLF001  names of the course begin with _; samples, not secrets

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import Context, MathTestVariable, Scalar, ScalarFunction, ScalarHistory
from minitorch import scalar_functions as functions

small = st.floats(-10, 10)


class Plus(ScalarFunction):
    """$x + y + 10$."""

    @staticmethod
    def forward(ctx, x, y):
        return x + y + 10

    @staticmethod
    def backward(ctx, d_output):
        return d_output, d_output


class Product(ScalarFunction):
    """$xy + x$."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y + x

    @staticmethod
    def backward(ctx, d_output):
        x, y = ctx.saved_values
        return d_output * (y + 1), d_output * x


def away(x, y, margin=1e-3):
    """Whether two numbers are far enough from each other for a difference across neither."""
    return abs(x - y) > margin


def test_a_scalar_has_a_value_a_name_and_no_derivative_yet():
    x, y = Scalar(1), Scalar(2.5, name="y")
    assert (x.data, type(x.data), x.derivative) == (1.0, float, None)
    assert x.name == str(x.unique_id)
    assert y.name == "y"
    x.name = "other"
    assert x.name == "other"
    assert repr(Scalar(1.5)) == "Scalar(1.500000)"


def test_leaf_constant_and_result():
    leaf, constant = Scalar(0.0), Scalar(0.0, None)
    result = leaf * 2
    assert (leaf.is_leaf(), leaf.is_constant()) == (True, False)
    assert (constant.is_leaf(), constant.is_constant()) == (False, True)
    assert (result.is_leaf(), result.is_constant()) == (False, False)
    assert next(iter(result.parents)) is leaf


@pytest.mark.parametrize("spelling", ["back", "history"])
def test_a_history_has_two_spellings(spelling):
    assert Scalar(1.0, **{spelling: None}).is_constant()
    assert Scalar(1.0, **{spelling: ScalarHistory()}).is_leaf()
    made = Scalar(1.0, **{spelling: ScalarHistory(Plus, Context(), [Scalar(1.0), Scalar(2.0)])})
    assert made.history.last_fn is Plus


@given(small, small)
def test_operators_and_numbers_on_either_side(a, b):
    x = Scalar(a)
    for result, expected in [
        (x + b, a + b),
        (b + x, b + a),
        (x - b, a - b),
        (x * b, a * b),
        (b * x, b * a),
        (-x, -a),
        (x < b, float(a < b)),
        (x > b, float(a > b)),
        (x == b, float(a == b)),
        (x.relu(), max(a, 0.0)),
        (x.exp(), math.exp(a)),
    ]:
        assert isinstance(result, Scalar)
        assert result.data == pytest.approx(expected)
    assert bool(x) == bool(a)


def test_the_logarithm_is_finite_at_zero():
    x = Scalar(0.0)
    x.log().backward()
    assert x.derivative == pytest.approx(1e6)


def test_the_chain_rule_gives_one_share_for_each_input():
    x = Scalar(0.0)
    made = Scalar(0.0, ScalarHistory(Plus, ctx=Context(), inputs=[x, x]))
    assert [d for _, d in made.chain_rule(d_output=5)] == [5, 5]
    shares = list(Product.apply(10, Scalar(5)).chain_rule(d_output=5))
    assert [d for _, d in shares] == [5 * 6, 5 * 10]
    assert all(v.is_leaf() for v, _ in shares), "a number becomes a leaf too"


def test_backward_adds_up_the_shares_of_every_path():
    x, y = Scalar(3.0), Scalar(4.0)
    z = Product.apply(x, Plus.apply(x, y))
    z.backward(d_output=2.0)
    assert (x.derivative, y.derivative) == (2 * (17 + 1 + 3), 2 * 3)
    z.backward(2.0)
    assert x.derivative == 2 * 2 * (17 + 1 + 3), "the graph is kept"


def test_backpropagate_and_the_order_that_it_goes_in():
    x = Scalar(2.0)
    y = x * x
    z = y + x
    order = list(minitorch.topological_sort(z))
    assert [v.unique_id for v in order] == [z.unique_id, y.unique_id, x.unique_id]
    minitorch.backpropagate(z, 3.0)
    assert x.derivative == 3 * (2 * 2 + 1)


def test_derivatives_are_kept_at_leaves_alone():
    x = Scalar(1.0)
    x.accumulate_derivative(2.0)
    x.accumulate_derivative(0.5)
    assert x.derivative == 2.5
    with pytest.raises(AssertionError, match="is not a leaf"):
        (x + 1).accumulate_derivative(1.0)


def test_a_function_must_return_a_float():
    class Text(ScalarFunction):
        @staticmethod
        def forward(ctx, x):
            return "1.0"

    with pytest.raises(AssertionError, match=r"Text: forward returned '1.0', a str, not a float"):
        Text.apply(1.0)


def test_a_context_without_gradients_keeps_nothing():
    ctx = Context(no_grad=True)
    ctx.save_for_backward(1, 2)
    assert ctx.saved_values == ()
    ctx = Context()
    ctx.save_for_backward(1, 2)
    assert ctx.saved_values == ctx.saved_tensors == (1, 2)


def test_tuples_are_wrapped_and_unwrapped():
    assert functions.wrap_tuple(1) == functions.wrap_tuple((1,)) == (1,)
    assert functions.unwrap_tuple((1,)) == 1
    assert functions.unwrap_tuple((1, 2)) == (1, 2)


@pytest.mark.parametrize(
    ("name", "inputs", "value", "derivatives"),
    [
        ("Add", (2.0, 3.0), 5.0, (1.0, 1.0)),
        ("Mul", (2.0, 3.0), 6.0, (3.0, 2.0)),
        ("Neg", (2.0,), -2.0, (-1.0,)),
        ("Inv", (2.0,), 0.5, (-0.25,)),
        ("Log", (2.0,), math.log(2.0), (0.5,)),
        ("Exp", (2.0,), math.exp(2.0), (math.exp(2.0),)),
        ("Sigmoid", (0.0,), 0.5, (0.25,)),
        ("ReLU", (2.0,), 2.0, (1.0,)),
        ("ReLU", (-2.0,), 0.0, (0.0,)),
        ("LT", (2.0, 3.0), 1.0, (0.0, 0.0)),
        ("EQ", (2.0, 2.0), 1.0, (0.0, 0.0)),
    ],
)
def test_a_function_of_scalars_is_its_operator(name, inputs, value, derivatives):
    function = getattr(functions, name)
    ctx = Context()
    assert function.forward(ctx, *inputs) == pytest.approx(value, rel=1e-5)
    shares = function._backward(ctx, 2.0)
    assert shares == pytest.approx(tuple(2.0 * d for d in derivatives), rel=1e-5)
    result = function.apply(*inputs)
    assert isinstance(result, Scalar)
    assert result.history.last_fn is function


@given(small)
def test_checks_of_one_scalar(a):
    for name, base, own in MathTestVariable._comp_testing()[0]:
        assert own(Scalar(a)).data == pytest.approx(base(a), abs=1e-2), name
        if away(a, -5.5) and away(a, -0.7) and away(a, -0.7 - 5 / 60) and away(a, -3.5, 0.2):
            minitorch.derivative_check(own, Scalar(a))


@given(small, small)
def test_checks_of_two_scalars(a, b):
    for name, base, own in MathTestVariable._comp_testing()[1]:
        if away(b, -5.5, 0.2):
            assert own(Scalar(a), Scalar(b)).data == pytest.approx(base(a, b), abs=1e-2), name
            if away(a, b + 5.5) and away(a + 1.2, b):
                minitorch.derivative_check(own, Scalar(a), Scalar(b))


def test_a_wrong_derivative_is_found():
    class Wrong(Product):
        @staticmethod
        def backward(ctx, d_output):
            x, y = ctx.saved_values
            return d_output * (y + 1) * 1.05, d_output * x

    with pytest.raises(AssertionError, match=r"backward gives 5.25 by argument 0, .* 5.0"):
        minitorch.derivative_check(Wrong.apply, Scalar(3.0), Scalar(4.0))


@given(st.integers(0, 1), small, small)
def test_differences_of_numbers_and_of_scalars(arg, a, b):
    def f(x, y):
        return x * y + y

    expected = b if arg == 0 else a + 1
    assert minitorch.central_difference(f, a, b, arg=arg) == pytest.approx(expected, abs=1e-3)
    found = minitorch.central_difference(f, Scalar(a), Scalar(b), arg=arg)
    assert found.data == pytest.approx(expected, abs=1e-3)
