import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_autodiff import Function, Scalar, central_difference, derivative_check


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: x * x, 3.0, 6.0),
        (math.sin, 1.0, math.cos(1.0)),
        (math.exp, -2.0, math.exp(-2.0)),
        (math.log, 0.01, 100.0),
        (lambda x: x**3, 1e6, 3e12),
        (lambda x: 1.0 / x, -1e-2, -1e4),
    ],
)
def test_differences_agree_with_calculus(f, x, expected):
    assert central_difference(f, x) == pytest.approx(expected, rel=1e-6)


@given(st.floats(-1e12, 1e12))
def test_the_step_suits_the_size_of_the_input(x):
    assert central_difference(lambda v: 3.0 * v, x) == pytest.approx(3.0, rel=1e-9)


@pytest.mark.parametrize(("arg", "expected"), [(0, 45.0), (1, 60.0), (2, 18.0), (-1, 18.0)])
def test_any_argument(arg, expected):
    found = central_difference(lambda a, b, c: a * b * b * c, 2.0, 3.0, 5.0, arg=arg)
    assert found == pytest.approx(expected, rel=1e-6)


def test_scalars_are_passed_as_scalars():
    assert central_difference(lambda x: x.log(), Scalar(2.0)) == pytest.approx(0.5)
    assert central_difference(lambda x, y: x * y, Scalar(2.0), 3, arg=1) == pytest.approx(2.0)
    assert central_difference(lambda x: x * x, 3) == pytest.approx(6.0)


def test_the_step_may_be_given():
    assert central_difference(lambda x: x**3, 0.0, epsilon=0.5) == 0.25


@pytest.mark.parametrize("arg", [1, -2, 5])
def test_an_argument_that_is_not_there(arg):
    with pytest.raises(IndexError, match=f"central_difference: arg={arg}, but there are 1 values"):
        central_difference(math.sin, 1.0, arg=arg)


class Slope(Function):
    """Twice its input; its derivative is claimed to be a given number."""

    @staticmethod
    def forward(ctx, x, *, claim):
        ctx.claim = claim
        return 2.0 * x

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.claim


def test_the_check_accepts_what_is_right():
    derivative_check(lambda x: Slope.apply(x, claim=2.0), 1.0)
    derivative_check(lambda x, y: (x * y).sin() / y.exp(), 1.0, Scalar(0.3))


@pytest.mark.parametrize("claim", [2.0001, 1.98, 0.0, -2.0, math.nan, math.inf])
def test_the_check_refuses_what_is_wrong(claim):
    with pytest.raises(AssertionError, match=r"the derivative by argument 0 at \(1\.0,\) is .*, b"):
        derivative_check(lambda x: Slope.apply(x, claim=claim), 1.0)


def test_the_check_names_the_argument():
    with pytest.raises(AssertionError, match=r"argument 1 at \(1\.0, 2\.0\) is 3, but .* give 2$"):
        derivative_check(lambda x, y: x + Slope.apply(y, claim=3.0), 1.0, 2.0)


def test_the_check_takes_an_argument_that_does_not_matter():
    derivative_check(lambda x, y: x * 2.0, 1.0, 2.0)
    derivative_check(lambda x: x < 5.0, 1.0)


def test_the_check_leaves_the_scalars_alone():
    x = Scalar(2.0)
    derivative_check(lambda v: v * v, x)
    assert x.derivative is None


def test_the_check_is_for_scalars():
    with pytest.raises(TypeError, match=r"derivative_check: the function returned 2\.0, not a"):
        derivative_check(lambda x: 2.0 * x.data, 1.0)
