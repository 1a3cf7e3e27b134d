"""Every operator: its edges, its partials, and that a wrong partial would be found."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mt_operators
from mt_operators import Op, one, zero
from mt_operators.testing import EDGES, check_partials, same

OPS = [value for value in vars(mt_operators).values() if isinstance(value, Op)]
DIFFERENTIABLE = [op for op in OPS if op.differentiable]
PARTIALS = [(op, i) for op in OPS for i in range(op.arity) if op.partials[i] is not zero]
ROWS = [(op, inputs, expected) for op in EDGES for inputs, expected in EDGES[op]]

numbers = st.floats(allow_nan=True, allow_infinity=True)


def names(value):
    return value.name if isinstance(value, Op) else None


def with_partial(op, i, partial):
    return replace(op, partials=(*op.partials[:i], partial, *op.partials[i + 1 :]))


def test_every_operator_has_edges():
    assert set(EDGES) == set(OPS)
    assert all(len(EDGES[op]) >= 10 for op in OPS)
    assert len(ROWS) == 505


@pytest.mark.parametrize(("op", "inputs", "expected"), ROWS, ids=names)
def test_edges(op, inputs, expected):
    assert same(op(*inputs), expected), op(*inputs)


@pytest.mark.parametrize("op", OPS, ids=names)
def test_partials_agree_with_differences(op):
    check_partials(op)


def test_a_difference_is_taken_of_every_partial_that_can_differ_from_zero():
    assert len(PARTIALS) == 36


@pytest.mark.parametrize(("op", "i"), PARTIALS, ids=names)
def test_a_partial_that_is_one_percent_off_is_found(op, i):
    wrong = with_partial(op, i, lambda *saved: 1.01 * op.partials[i](*saved))
    with pytest.raises(AssertionError, match=f"{op.name}: partial {i} at"):
        check_partials(wrong)


@pytest.mark.parametrize(("op", "i"), PARTIALS, ids=names)
def test_a_partial_that_is_zero_is_found(op, i):
    with pytest.raises(AssertionError, match=f"{op.name}: partial {i} at"):
        check_partials(with_partial(op, i, zero))


@pytest.mark.parametrize("op", [op for op in OPS if not op.differentiable], ids=names)
def test_a_predicate_with_a_slope_is_found(op):
    assert op.predicate
    with pytest.raises(AssertionError, match=f"{op.name}: partial 0 at"):
        check_partials(with_partial(op, 0, one))


@pytest.mark.parametrize("op", OPS, ids=names)
@given(data=st.data())
def test_no_operator_raises_and_each_returns_a_float(op, data):
    inputs = [data.draw(numbers) for _ in range(op.arity)]
    output = op(*inputs)
    assert isinstance(output, float)
    saved = inputs if op.saves == "inputs" else [output]
    for partial in op.partials:
        assert isinstance(partial(*saved), float)


@given(numbers, numbers)
def test_power_is_that_of_c(x, y):
    try:
        expected = math.pow(x, y)
    except OverflowError:
        expected = -math.inf if x < 0.0 and y % 2.0 == 1.0 else math.inf
    except ValueError:  # a pole at zero, or no real result
        pole = math.copysign(math.inf, x) if y % 2.0 == 1.0 else math.inf
        expected = pole if x == 0.0 else math.nan
    assert same(mt_operators.power(x, y), expected, tolerance=1e-15)


@given(st.floats(709.0, 710.0), st.sampled_from([2.0, 3.0, 0.75, 151.0, -40.0, 1001.0]))
def test_power_overflows_where_c_does(log_of_result, y):
    x = math.exp(min(log_of_result / y, 709.0))
    try:
        expected = math.pow(x, y)
    except OverflowError:
        expected = math.inf
    assert same(mt_operators.power(x, y), expected, tolerance=1e-15)


def test_exp_is_finite_up_to_its_limit():
    limit = mt_operators.elementary.EXP_OVERFLOW
    assert mt_operators.exp(limit) < math.inf
    assert mt_operators.exp(math.nextafter(limit, math.inf)) == math.inf
    with pytest.raises(OverflowError, match="range"):
        math.exp(math.nextafter(limit, math.inf))


@given(numbers)
def test_softplus_is_bounded_by_relu(x):
    if not math.isnan(x):
        gap = mt_operators.softplus(x) - mt_operators.relu(x)
        assert math.isnan(gap) == (x == math.inf)
        assert x == math.inf or 0.0 <= gap <= math.log(2.0)


@given(st.floats(-700.0, 700.0))
def test_sigmoid_of_a_number_and_of_its_opposite_sum_to_one(x):
    s, t = mt_operators.sigmoid(x), mt_operators.sigmoid(-x)
    assert math.isclose(s + t, 1.0, rel_tol=1e-15)
    assert s > 0.0


@given(numbers, numbers, numbers)
def test_clamp_is_the_maximum_then_the_minimum(x, low, high):
    got = mt_operators.clamp(x, low, high)
    if math.isnan(x + low + high) and not math.isinf(max(map(abs, (x, low, high)))):
        assert math.isnan(got)
    elif not any(map(math.isnan, (x, low, high))):
        assert got == min(max(x, low), high)


@pytest.mark.parametrize(
    ("op", "saved", "expected"),
    [
        (mt_operators.relu, (0.0,), (0.0,)),
        (mt_operators.leaky_relu, (0.0, 0.1), (0.1, 0.0)),
        (mt_operators.absolute, (0.0,), (0.0,)),
        (mt_operators.maximum, (2.0, 2.0), (0.5, 0.5)),
        (mt_operators.minimum, (2.0, 2.0), (0.5, 0.5)),
        (mt_operators.clamp, (-1.0, -1.0, 1.0), (1.0, 0.0, 0.0)),
        (mt_operators.clamp, (1.0, -1.0, 1.0), (1.0, 0.0, 0.0)),
        (mt_operators.clamp, (0.0, 2.0, 1.0), (0.0, 0.0, 1.0)),
        (mt_operators.power, (0.0, 0.0), (0.0, 0.0)),
        (mt_operators.power, (0.0, 1.0), (1.0, 0.0)),
        (mt_operators.power, (-2.0, 3.0), (12.0, math.nan)),
        (mt_operators.sqrt, (0.0,), (math.inf,)),
        (mt_operators.log, (0.0,), (math.inf,)),
        (mt_operators.div, (1.0, 0.0), (math.inf, -math.inf)),
        (mt_operators.softplus, (0.0,), (0.0,)),
        (mt_operators.gelu, (math.inf,), (1.0,)),
        (mt_operators.gelu, (-math.inf,), (0.0,)),
    ],
    ids=names,
)
def test_partials_where_a_choice_was_made(op, saved, expected):
    """As PyTorch has it, except that it gives nan for gelu at infinity."""
    assert all(map(same, (partial(*saved) for partial in op.partials), expected))
