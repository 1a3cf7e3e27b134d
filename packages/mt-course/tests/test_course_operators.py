"""The course's operators: what they compute, and that a learner's kernels can compile them."""

# ruff: noqa: S311, SLF001  names of the course begin with _; samples, not secrets

import inspect
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch import MathTest, MathTestVariable, operators
from minitorch.jit import njit

numbers = st.floats(-100, 100)
items = st.lists(numbers, max_size=6)

ONE = ["neg", "id", "sigmoid", "relu", "log", "exp", "inv"]
TWO = ["add", "mul", "lt", "eq", "max", "is_close", "log_back", "inv_back", "relu_back"]


@given(numbers, numbers)
def test_arithmetic(x, y):
    assert operators.add(x, y) == x + y
    assert operators.mul(x, y) == x * y
    assert operators.neg(x) == -x
    assert operators.id(x) is x
    assert operators.max(x, y) == (max(y, x))


@given(numbers, numbers)
def test_comparisons_are_numbers(x, y):
    assert (operators.lt(x, y), operators.eq(x, y)) == (float(x < y), float(x == y))
    assert operators.is_close(x, y) == float(abs(x - y) < 1e-2)
    assert all(type(operators.lt(a, b)) is float for a, b in ((x, y), (y, x)))


@given(numbers)
def test_activations(x):
    assert operators.relu(x) == (x if x > 0 else 0.0)
    assert operators.sigmoid(x) == pytest.approx(1 / (1 + math.exp(-x)), rel=1e-12)
    assert operators.sigmoid(-x) == pytest.approx(1 - operators.sigmoid(x), abs=1e-12)


@given(st.floats(0, 1e6))
def test_the_logarithm_is_that_of_a_little_more(x):
    assert operators.log(x) == math.log(x + 1e-6)
    assert operators.log(x) > -14


@given(numbers, numbers)
def test_pullbacks_are_the_gradient_times_the_derivative(x, d):
    assert operators.relu_back(x, d) == (d if x > 0 else 0.0)
    if x > 0:
        assert operators.log_back(x, d) == pytest.approx(d / (x + 1e-6))
    if abs(x) > 1e-5:
        assert operators.inv_back(x, d) == pytest.approx(-d / x**2)
        assert operators.inv(x) == 1 / x


@given(items, st.data())
def test_functional_tools_are_loops(a, data):
    b = data.draw(st.lists(numbers, min_size=len(a), max_size=len(a)))
    assert list(operators.map(operators.neg)(a)) == [-x for x in a]
    pairs = list(zip(a, b, strict=True))
    assert list(operators.zipWith(operators.mul)(a, b)) == [x * y for x, y in pairs]
    assert operators.reduce(lambda x, y: 2 * x + y, 1.0)(a) == horner(a)
    assert list(operators.negList(a)) == [-x for x in a]
    assert list(operators.addLists(a, b)) == [x + y for x, y in pairs]
    assert operators.sum(a) == pytest.approx(math.fsum(a), abs=1e-9)
    assert operators.prod(a) == pytest.approx(math.prod(a))


def horner(items):
    total = 1.0
    for x in items:
        total = 2 * total + x
    return total


def test_folds_of_nothing_and_of_shapes():
    assert operators.sum([]) == 0
    assert operators.prod(()) == 1
    assert range(operators.prod((2, 3))) == range(6)
    first, second = operators.addLists([1, 2], [3, 4])
    assert (first, second) == (4, 6)


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_each_operator_is_a_plain_function_that_numba_compiles(name):
    function = getattr(operators, name)
    assert inspect.isfunction(function)
    assert f"def {RENAMED.get(name, name)}(" in inspect.getsource(function)
    inputs = (0.7,) if name in ONE else (0.7, -0.3)
    assert njit(function)(*inputs) == pytest.approx(function(*inputs), rel=1e-14)


RENAMED = {"id": "identity", "max": "maximum"}


def test_the_checks_come_in_three_groups_of_equal_names():
    one, two, red = MathTest._tests()
    assert [len(group) for group in (one, two, red)] == [14, 6, 3]
    assert [name for name, _ in one] == sorted(name for name, _ in one)
    compared = MathTestVariable._comp_testing()
    assert [[name for name, _, _ in group] for group in compared] == [
        [name for name, _ in group] for group in (one, two, red)
    ]
    for group in compared:
        for name, base, own in group:
            assert base is getattr(MathTest, name)
            assert own is getattr(MathTestVariable, name)


CHECKS = {
    "addConstant": lambda a: 5 + a,
    "complex": lambda a: (
        math.log(1 / (1 + math.exp(-max(max(a * 10 + 7, 0) * 6 + 5, 0) * 10)) + 1e-6) / 50
    ),
    "cube": lambda a: a**3,
    "div": lambda a: a / 5,
    "exp": lambda a: math.exp(a - 200),
    "explog": lambda a: math.log(a + 100000 + 1e-6) + math.exp(a - 200),
    "inv": lambda a: 1 / (a + 3.5),
    "log": lambda a: math.log(a + 100000 + 1e-6),
    "multConstant": lambda a: 5 * a,
    "neg": lambda a: -a,
    "relu": lambda a: max(a + 5.5, 0),
    "sig": lambda a: 1 / (1 + math.exp(-a)),
    "square": lambda a: a**2,
    "subConstant": lambda a: a - 5,
}
CHECKS_OF_TWO = {
    "add2": lambda a, b: a + b,
    "div2": lambda a, b: a / (b + 5.5),
    "eq2": lambda a, b: float(a == b + 5.5),
    "gt2": lambda a, b: float(a + 1.2 > b),
    "lt2": lambda a, b: float(a + 1.2 < b),
    "mul2": lambda a, b: a * b,
}


@pytest.mark.parametrize(("name", "check"), MathTest._tests()[0])
def test_a_check_of_one_number_computes_its_formula(name, check):
    for a in (-2.0, -0.3, 0.0, 1.7, 3.0):
        assert check(a) == pytest.approx(CHECKS[name](a), rel=1e-9)


@pytest.mark.parametrize(("name", "check"), MathTest._tests()[1])
def test_a_check_of_two_numbers_computes_its_formula(name, check):
    for a, b in ((1.0, 2.0), (2.0, -1.0), (7.5, 2.0), (0.0, 1.2)):
        assert check(a, b) == pytest.approx(CHECKS_OF_TWO[name](a, b))


@pytest.mark.parametrize(("name", "check"), MathTest._tests()[2])
def test_a_check_of_a_list_sums_or_averages(name, check):
    drawn = [random.Random(3).random() for _ in range(5)]
    assert check(drawn) == pytest.approx(sum(drawn) / (1 if name == "sum_red" else 5))
