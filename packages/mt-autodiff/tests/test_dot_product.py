import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_autodiff import Scalar, derivative_check, dot, no_grad

small = st.floats(-10.0, 10.0)


@given(st.lists(st.tuples(small, small), max_size=8))
def test_it_equals_products_and_sums(pairs):
    x = [Scalar(a) for a, _ in pairs]
    y = [Scalar(b) for _, b in pairs]
    z = dot(x, y)
    assert z.data == pytest.approx(sum(a * b for a, b in pairs))
    if pairs:
        z.backward(2.0)
        assert [v.derivative for v in x] == [2.0 * b for _, b in pairs]
        assert [v.derivative for v in y] == [2.0 * a for a, _ in pairs]


def test_differences_agree():
    derivative_check(lambda a, b, c, d: dot([a, b], [c, d]).tanh(), 0.3, -0.5, 0.7, 0.2)


def test_a_percent_off_is_found():
    def wrong(a, b):
        z = dot([a], [b])
        if z.history is not None:
            z.history.ctx = tuple(1.01 * partial for partial in z.history.ctx)
        return z

    with pytest.raises(AssertionError, match="argument 0"):
        derivative_check(wrong, 2.0, 3.0)


def test_it_is_one_node():
    w = [Scalar(1.0), Scalar(2.0)]
    z = dot(w, [3.0, 4])
    assert z.history.last_fn.__name__ == "dot"
    assert [v.data for v in z.parents] == [1.0, 2.0, 3.0, 4.0]
    assert [v.is_constant() for v in z.parents] == [False, False, True, True]
    assert z.history.last_fn.backward(z.history.ctx, 10.0) == (30.0, 40.0, 10.0, 20.0)


def test_the_same_scalar_on_both_sides():
    x = Scalar(3.0)
    dot([x, x], [x, 1.0]).backward()
    assert x.derivative == 7.0


def test_constants_and_nothing():
    assert dot([1.0, 2.0], [3.0, 4.0]).data == 11.0
    assert dot([1.0, 2.0], [3.0, 4.0]).is_constant()
    assert dot([], []).data == 0.0
    with no_grad():
        assert dot([Scalar(1.0)], [1.0]).is_constant()


def test_unequal_sides_are_refused():
    with pytest.raises(ValueError, match="dot: 1 and 2 items cannot be paired"):
        dot([1.0], [1.0, 2.0])


def test_items_are_numbers():
    with pytest.raises(TypeError, match="Scalar: 'a' is a str, not a real number"):
        dot([Scalar(1.0)], ["a"])


def test_a_freed_graph_says_so():
    z = dot([Scalar(1.0)], [2.0])
    z.backward()
    with pytest.raises(RuntimeError, match="dot: its graph was freed"):
        z.backward()
