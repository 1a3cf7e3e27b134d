import functools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mt_operators
from mt_operators import add, add_lists, mul, neg, neg_list, prod, reduce, total, zip_with

small = st.floats(-100.0, 100.0)
lists = st.lists(small)


@given(lists)
def test_map_applies_to_every_item(xs):
    assert mt_operators.map(neg)(xs) == [-x for x in xs]


@given(lists)
def test_map_of_a_composition_is_the_composition_of_maps(xs):
    double, shift = (lambda x: 2.0 * x), (lambda x: x + 1.0)
    both = mt_operators.map(lambda x: shift(double(x)))(xs)
    assert both == mt_operators.map(shift)(mt_operators.map(double)(xs))


@given(lists, st.floats(-1.0, 1.0))
def test_reduce_is_functools_reduce(xs, start):
    def fn(a, b):
        return 0.5 * a - b

    assert reduce(fn, start)(xs) == functools.reduce(fn, xs, start)


def test_reduce_folds_from_the_left():
    assert reduce(lambda folded, x: f"({folded}{x})", "")("abc") == "(((a)b)c)"


@given(st.lists(st.tuples(small, small)))
def test_zip_with_pairs_items(pairs):
    left, right = [x for x, _ in pairs], [y for _, y in pairs]
    assert zip_with(mul)(left, right) == [x * y for x, y in pairs]


@pytest.mark.parametrize(
    ("left", "right", "sizes"), [([1.0], [], "1 and 0"), ([], "ab", "0 and 2")]
)
def test_zip_with_refuses_unequal_sides(left, right, sizes):
    with pytest.raises(ValueError, match=f"zip_with: {sizes} items cannot be paired"):
        zip_with(add)(left, right)


def test_a_tool_may_be_used_again_and_takes_generators():
    double = mt_operators.map(lambda x: 2.0 * x)
    assert double(x for x in (1.0, 2.0)) == [2.0, 4.0]
    assert double([3.0]) == [6.0]
    assert zip_with(add)(iter([1.0]), iter([2.0])) == [3.0]


@given(lists)
def test_lists_are_negated_and_added(xs):
    assert neg_list(xs) == [-x for x in xs]
    assert add_lists(xs, neg_list(xs)) == [0.0] * len(xs)


@given(lists)
def test_total_is_the_sum(xs):
    assert math.isclose(total(xs), math.fsum(xs), abs_tol=1e-9)


@given(st.lists(small, max_size=10))
def test_prod_is_the_product(xs):
    assert math.isclose(prod(xs), math.prod(xs), abs_tol=1e-9)


def test_of_nothing():
    assert (total([]), prod([]), neg_list([]), add_lists([], [])) == (0.0, 1.0, [], [])
