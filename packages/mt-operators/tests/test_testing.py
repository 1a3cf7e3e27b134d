"""The checks find what they are for, and nothing else."""

import math
import random

import pytest

from mt_operators import add, maximum, minimum, mul, op, relu, sub, zero
from mt_operators.testing import (
    check_associates,
    check_commutes,
    check_partials,
    check_unit,
    same,
    sample,
    slope,
)


@op(lambda x: 3.0 * x * x)
def cube(x):
    return x * x * x


@op(lambda s: s * 1.0001, saves="output", domain=((1.0, 2.0),))
def nearly_exp(x):
    return math.exp(x)


@op(zero, zero, unit=1.0)
def mean(x, y):
    return (x + y) / 2.0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1.0, 1.0, True),
        (1.0, 1.0 + 1e-13, True),
        (1.0, 1.0 + 1e-11, False),
        (math.nan, math.nan, True),
        (math.nan, 1.0, False),
        (1.0, math.nan, False),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (1e308, math.inf, False),
        (0.0, 0.0, True),
        (0.0, -0.0, False),
        (-0.0, -0.0, True),
        (1e-300, 0.0, False),
        (0.0, 1e-300, False),
    ],
)
def test_same(a, b, expected):
    assert same(a, b) is expected


def test_a_sample_lies_in_the_domain_and_away_from_kinks():
    rng = random.Random(1)  # noqa: S311  samples, not secrets
    drawn = [sample(relu, rng)[0] for _ in range(1000)]
    assert all(-10.0 <= x <= 10.0 and abs(x) > 0.1 for x in drawn)
    assert {x > 0.0 for x in drawn} == {True, False}
    assert drawn.count(10.0) > 50
    assert drawn.count(-10.0) > 50


def test_a_domain_of_kinks_cannot_be_sampled():
    @op(lambda x: x, kink=lambda _: 0.0)
    def jagged(x):
        return x

    with pytest.raises(ValueError, match=r"jagged: 1000 draws from \(\(-10\.0, 10\.0\),\) were"):
        sample(jagged, random.Random(0))  # noqa: S311  samples, not secrets


@pytest.mark.parametrize("x", [-1000.0, -1.0, 0.0, 0.5, 1000.0])
def test_a_difference_is_exact_for_polynomials_up_to_the_fourth_degree(x):
    assert slope(lambda x, y: y * x**4, (x, 2.0), 0) == pytest.approx(8.0 * x**3, rel=1e-9)


def test_partials_of_an_operator_of_ones_own():
    check_partials(cube)


def test_a_partial_that_is_off_by_a_ten_thousandth_is_found():
    with pytest.raises(
        AssertionError,
        match=r"nearly_exp: partial 0 at \(1\.7\d+\) is 5\.8\d+, but differences give 5\.8\d+$",
    ):
        check_partials(nearly_exp)


def test_a_partial_that_is_nan_is_found():
    with pytest.raises(AssertionError, match=r"partial 0 at .* is nan"):
        check_partials(op(lambda _: math.nan)(lambda x: x))


def test_the_seed_decides_the_inputs():
    def message(**kwargs):
        with pytest.raises(AssertionError, match="nearly_exp") as caught:
            check_partials(nearly_exp, **kwargs)
        return str(caught.value)

    assert message() == message(seed=0) != message(seed=1)


@pytest.mark.parametrize("operator", [add, mul, maximum, minimum], ids=lambda o: o.name)
def test_operators_that_reduce_have_the_laws(operator):
    check_commutes(operator)
    check_associates(operator)
    check_unit(operator)


def test_broken_laws_are_found():
    with pytest.raises(AssertionError, match=r"sub: the order of its inputs matters: .* at \("):
        check_commutes(sub)
    with pytest.raises(AssertionError, match=r"mean: the grouping of its inputs matters"):
        check_associates(mean)
    with pytest.raises(AssertionError, match=r"mean: its unit changes the other input"):
        check_unit(mean)


def test_a_unit_on_the_right_only_is_no_unit():
    right = op(zero, zero, unit=0.0)(lambda x, y: x - y)
    with pytest.raises(AssertionError, match="its unit changes the other input"):
        check_unit(right)


def test_a_unit_must_be_declared():
    with pytest.raises(ValueError, match="sub: it declares no unit"):
        check_unit(sub)
