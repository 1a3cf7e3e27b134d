import copy
import inspect
import pickle

import pytest

import mt_operators
from mt_operators import Op, add, maximum, mul, neg, one, op, power, relu, sigmoid, where, zero


class Lifted:
    """A type that takes operators as arguments do: it records the call."""

    def __init__(self, value):
        self.value = value

    @classmethod
    def __apply_op__(cls, operator, *args):
        return (cls, operator, args)


class OtherLifted(Lifted):
    pass


def square(x):
    """Square."""
    return x * x


def test_it_applies_to_numbers():
    assert add(2.0, 3.0) == 5.0
    assert add(2, 3.5) == 5.5


def test_it_looks_like_its_function():
    twice = op(lambda x: 2.0 * x)(square)
    assert twice.__doc__ == "Square."
    assert twice.__name__ == twice.name == "square"
    assert inspect.unwrap(twice) is square
    assert repr(power) == "<op power(x, y)>"


def test_a_type_that_lifts_gets_the_call_wherever_it_stands():
    x, y = Lifted(1.0), OtherLifted(2.0)
    assert add(x, 1.0) == (Lifted, add, (x, 1.0))
    assert add(1.0, y) == (OtherLifted, add, (1.0, y))
    assert add(x, y) == (Lifted, add, (x, y))


def test_what_it_says_of_itself():
    assert (neg.arity, add.arity, where.arity) == (1, 2, 3)
    assert mul.differentiable
    assert not mt_operators.lt.differentiable
    assert where.differentiable
    assert add.saves_nothing
    assert mt_operators.lt.saves_nothing
    assert not mul.saves_nothing
    assert (add.unit, mul.unit, neg.unit) == (0.0, 1.0, None)
    assert mt_operators.lt.predicate
    assert not mul.predicate


def test_constant_partials_take_anything():
    assert (zero(), zero(1.0, 2.0), one(), one(5.0)) == (0.0, 0.0, 1.0, 1.0)


def test_a_pullback_multiplies_by_the_partial_of_what_is_saved():
    assert sigmoid.pullbacks[0](3.0, 0.25) == 3.0 * 0.25 * 0.75
    assert mul.pullbacks[0](3.0, 5.0, 7.0) == 21.0
    assert mul.pullbacks[1](3.0, 5.0, 7.0) == 15.0
    assert [pull(3.0, 1.0, 5.0, 7.0) for pull in where.pullbacks] == [0.0, 3.0, 0.0]
    assert mul.pullbacks[1].__name__ == "mul_pullback_1"


@pytest.mark.parametrize("operator", [relu, mul, where])
def test_a_pullback_has_a_fixed_number_of_arguments(operator):
    for pull in operator.pullbacks:
        assert len(inspect.signature(pull).parameters) == 1 + operator.arity


def test_an_operator_of_four_inputs_has_pullbacks_too():
    @op(one, one, one, lambda _w, _x, y, _z: y)
    def odd(w, x, y, z):
        return w + x + y * z

    assert odd.pullbacks[3](2.0, 1.0, 1.0, 5.0, 7.0) == 10.0


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy])
def test_a_copy_is_the_same_operator(clone):
    assert clone(maximum) is maximum


def test_it_is_pickled_by_name():
    assert pickle.loads(pickle.dumps(maximum)) is maximum  # noqa: S301  made on the same line


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError, match="cannot assign to field 'partials'"):
        add.partials = ()


def test_operators_are_compared_by_identity():
    assert op(lambda x: 2.0 * x)(square) != op(lambda x: 2.0 * x)(square)
    assert len({add, mul, add}) == 2


def test_each_input_needs_a_partial():
    with pytest.raises(TypeError, match="square: 1 inputs but 0 partials; each input needs one"):
        op()(square)
    with pytest.raises(TypeError, match="square: 1 inputs but 2 partials"):
        op(one, one)(square)


def test_a_partial_takes_what_is_saved():
    with pytest.raises(TypeError, match=r"square: partial 0 must take 1 argument\(s\), the inputs"):
        op(lambda x, y: x * y)(square)
    with pytest.raises(TypeError, match=r"<lambda>: partial 1 must take 1 argument\(s\), the outp"):
        op(lambda s: s, lambda x, y: x * y, saves="output")(lambda x, y: x + y)


def test_what_is_saved_is_the_inputs_or_the_output():
    with pytest.raises(TypeError, match="saves must be 'inputs' or 'output', not 'both'"):
        op(one, saves="both")(square)


def test_a_domain_has_an_interval_for_each_input():
    with pytest.raises(TypeError, match="square: 1 inputs but 2 domain intervals"):
        op(one, domain=((0.0, 1.0), (0.0, 1.0)))(square)


def test_a_default_domain_is_made_for_each_input():
    assert add.domain == ((-10.0, 10.0), (-10.0, 10.0))


def test_the_package_exports_every_operator():
    exported = {v.name: k for k, v in vars(mt_operators).items() if isinstance(v, Op)}
    assert len(exported) == 32
    assert all(name == key for name, key in exported.items())
