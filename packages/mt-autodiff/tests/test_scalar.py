import copy
import math
import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mt_operators
from mt_autodiff import LEAF, GradientError, History, Scalar, no_grad
from mt_operators import Op, maximum, op, where

numbers = st.floats(-5.0, 5.0)
BINARY = {
    "+": (lambda a, b: a + b),
    "-": (lambda a, b: a - b),
    "*": (lambda a, b: a * b),
    "/": (lambda a, b: a / b),
    "**": (lambda a, b: a**b),
}
COMPARISONS = {
    "<": (lambda a, b: a < b),
    "<=": (lambda a, b: a <= b),
    ">": (lambda a, b: a > b),
    ">=": (lambda a, b: a >= b),
    "==": (lambda a, b: a == b),
    "!=": (lambda a, b: a != b),
}

REFUSED = r"unsupported operand|can only concatenate|can't multiply"


def test_a_leaf_a_constant_and_a_result():
    leaf, constant = Scalar(2.0), Scalar(2.0, None)
    result = leaf * constant
    assert (leaf.is_leaf(), leaf.is_constant()) == (True, False)
    assert (constant.is_leaf(), constant.is_constant()) == (False, True)
    assert (result.is_leaf(), result.is_constant()) == (False, False)
    assert result.history.last_fn.__name__ == "mul"
    assert result.parents == (leaf, constant)
    assert leaf.history is LEAF
    assert list(leaf.parents) == []


def test_a_history_may_be_given():
    x = Scalar(1.0)
    assert Scalar(2.0, History(None, None, ())).is_leaf()
    assert Scalar(2.0, (x + 1.0).history).parents[0] is x


def test_a_history_is_made_once_for_whoever_asks():
    x = Scalar(3.0)
    y = 2.0 / x
    assert y.history is y.history
    two, same = y.history.inputs
    assert (two.data, two.is_constant(), same is x) == (2.0, True, True)
    assert y.history.ctx == (2.0, 3.0)
    assert y.parents is y.history.inputs
    y.backward()
    assert x.derivative == pytest.approx(-2.0 / 9.0)


def test_looking_at_a_history_changes_no_derivative():
    def f(a, b):
        return [a * b, a.exp(), 1.0 - b, b / a, maximum(a, b), where(a, b, 2.0)]

    looked, left_alone = (Scalar(2.0), Scalar(3.0)), (Scalar(2.0), Scalar(3.0))
    for y in f(*looked):
        assert y.history.last_fn.__name__
        y.backward()
    for y in f(*left_alone):
        y.backward()
    assert [x.derivative for x in looked] == [x.derivative for x in left_alone]


@pytest.mark.parametrize("keep", [0, 1])
def test_an_operand_that_became_a_constant_gets_no_derivative(keep):
    xs = Scalar(2.0), Scalar(3.0)
    product, total = xs[0] * xs[1], xs[0] + xs[1]
    xs[1 - keep].history = None
    product.backward()
    total.backward()
    assert xs[1 - keep].derivative is None
    assert xs[keep].derivative == xs[1 - keep].data + 1.0


def test_a_result_of_nothing_but_constants_gives_no_derivative():
    x = Scalar(2.0)
    results = [x * x, x + 1.0, 1.0 + x, x.exp()]
    x.history = None
    for y in results:
        y.backward()
    assert x.derivative is None


def test_a_node_that_was_gone_through_holds_nothing():
    x = Scalar(2.0)
    y = x * x
    y.backward()
    assert (y.history.last_fn.__name__, y.history.inputs, y.history.ctx) == ("mul", (), None)
    assert not y.is_leaf()


@op(lambda r: r, lambda r: 0.5 * r, saves="output")
def growth(x, y):
    return math.exp(x + 0.5 * y)


def test_an_operator_of_two_inputs_may_keep_its_output():
    x, y = Scalar(1.0), Scalar(2.0)
    growth(x, y).backward()
    growth(x, 2.0).backward()
    growth(1.0, y).backward()
    assert x.derivative == pytest.approx(2.0 * math.exp(2.0))
    assert y.derivative == pytest.approx(math.exp(2.0))


@pytest.mark.parametrize("value", [2, 2.5, True, Fraction(1, 4), math.inf])
def test_any_real_number_becomes_a_float(value):
    assert type(Scalar(value).data) is float
    assert Scalar(value).data == float(value)


@pytest.mark.parametrize("value", ["1.0", 1j, None, Scalar(1.0), [1.0]])
def test_nothing_else_is_a_scalar(value):
    with pytest.raises(TypeError, match=r"Scalar: .* is a \w+, not a real number"):
        Scalar(value)


@pytest.mark.parametrize("sign", BINARY)
@given(numbers.filter(lambda x: x > 0.1), numbers.filter(lambda x: abs(x) > 0.1))
def test_arithmetic_on_either_side_of_a_number(sign, a, b):
    f = BINARY[sign]
    for left, right in ((Scalar(a), Scalar(b)), (Scalar(a), b), (a, Scalar(b))):
        result = f(left, right)
        assert isinstance(result, Scalar)
        assert result.data == f(a, b)


@pytest.mark.parametrize("sign", BINARY)
def test_arithmetic_with_whole_numbers(sign):
    f = BINARY[sign]
    assert f(Scalar(3.0), 2).data == f(3, 2)
    assert f(3, Scalar(2.0)).data == f(3, 2)


@pytest.mark.parametrize("sign", COMPARISONS)
@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (2.0, 1.0), (2.0, 2.0), (math.nan, 2.0)])
def test_comparisons_give_constants_that_can_be_asked(sign, a, b):
    f = COMPARISONS[sign]
    for left, right in ((Scalar(a), Scalar(b)), (Scalar(a), b), (a, Scalar(b))):
        result = f(left, right)
        assert isinstance(result, Scalar)
        assert result.is_constant()
        assert bool(result) is f(a, b)
        assert result.data == float(f(a, b))


def test_signs_and_absolute_value():
    assert ((-Scalar(2.0)).data, (+Scalar(2.0)).data, abs(Scalar(-2.0)).data) == (-2.0, 2.0, 2.0)


@pytest.mark.parametrize("sign", BINARY)
@pytest.mark.parametrize("other", ["2", None, [1.0]])
def test_other_types_are_refused_by_python_itself(sign, other):
    with pytest.raises(TypeError, match=REFUSED):
        BINARY[sign](Scalar(1.0), other)
    with pytest.raises(TypeError, match=REFUSED):
        BINARY[sign](other, Scalar(1.0))


def test_another_type_may_answer():
    class Answers:
        def __radd__(self, other):
            return "right"

        def __add__(self, other):
            return "left"

    assert Scalar(1.0) + Answers() == "right"
    assert Answers() + Scalar(1.0) == "left"


def test_edges_do_not_raise():
    assert (1.0 / Scalar(0.0)).data == math.inf
    assert Scalar(0.0).log().data == -math.inf
    assert Scalar(1000.0).exp().data == math.inf
    assert math.isnan((Scalar(-1.0) ** 0.5).data)


def test_methods_have_the_operator_s_name_and_text():
    assert Scalar.relu.__name__ == "relu"
    assert Scalar.relu.__doc__ == mt_operators.relu.__doc__
    assert Scalar.__radd__.__doc__ == mt_operators.add.__doc__


def test_every_operator_takes_scalars():
    x = Scalar(0.5)
    assert maximum(x, 0.25).data == 0.5
    assert where(x > 0.0, x, 0.0).data == 0.5
    assert mt_operators.power(2.0, x).data == math.sqrt(2.0)
    assert isinstance(mt_operators.total([x, x]), Scalar)


def test_an_operator_of_one_s_own():
    @op(lambda x, y: x / math.hypot(x, y), lambda x, y: y / math.hypot(x, y))
    def hypotenuse(x, y):
        return math.hypot(x, y)

    x, y = Scalar(3.0), Scalar(4.0)
    z = hypotenuse(x, y)
    z.backward()
    assert (z.data, x.derivative, y.derivative) == (5.0, 0.6, 0.8)
    assert z.history.last_fn.op is hypotenuse


def test_a_result_of_constants_is_a_constant():
    assert (Scalar(2.0, None) * 3.0).is_constant()
    assert Scalar(2.0, None).exp().is_constant()
    assert maximum(Scalar(2.0, None), 1.0).is_constant()


def test_nothing_is_recorded_without_gradients():
    x = Scalar(2.0)
    with no_grad():
        results = [x * x, x.exp(), 2.0 - x, where(x > 0.0, x, x)]
    assert all(r.is_constant() for r in results)
    assert not (x * x).is_constant()


def test_a_subclass_stays_one():
    class Named(Scalar):
        __slots__ = ()

    x = Named(2.0)
    results = [x + 1.0, 1.0 + x, x * x, x.exp(), maximum(x, 1.0), x.clamp(0.0, 1.0), x < 1.0]
    assert [type(r) for r in results] == [Named] * 7


def test_a_subclass_and_its_base_mix():
    class Named(Scalar):
        __slots__ = ()

    x, y = Named(2.0), Scalar(3.0)
    (x * y + y * x).backward()
    assert (x.derivative, y.derivative) == (6.0, 4.0)


def test_it_shows_its_value_name_and_derivative():
    x = Scalar(2.0)
    assert repr(x) == "Scalar(2)"
    x.name = "x"
    (x * x * x).backward()
    assert repr(x) == "Scalar(2, name='x', derivative=12)"
    assert repr(Scalar(0.1) + 0.2) == "Scalar(0.3)"


def test_it_is_formatted_as_a_number():
    assert f"{Scalar(2.0):.3f}" == "2.000"
    assert f"{Scalar(2.0)}" == "Scalar(2)"
    assert float(Scalar(2.5)) == 2.5
    assert math.floor(float(Scalar(2.5))) == 2


def test_names():
    x, y = Scalar(1.0), Scalar(1.0, name="y")
    assert x.name == str(x.unique_id)
    assert y.name == "y"
    y.name = "z"
    assert y.name == "z"


def test_it_can_be_a_key_though_equality_compares_values():
    x, y = Scalar(1.0), Scalar(1.0)
    assert hash(x) != hash(y)
    assert {x: "x"}[x] == "x"


@pytest.mark.parametrize(("value", "truth"), [(0.0, False), (-0.0, False), (0.1, True)])
def test_it_is_true_where_it_is_not_zero(value, truth):
    assert bool(Scalar(value)) is truth


def pickled(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301  made on the same line


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_is_a_new_leaf(clone):
    x = Scalar(2.0, name="x")
    (x * x).backward()
    y = clone(x)
    assert (y.data, y.name, y.derivative) == (2.0, "x", None)
    assert y.is_leaf()
    assert y.unique_id > x.unique_id
    (x * y).backward()
    assert (x.derivative, y.derivative) == (6.0, 2.0)
    assert clone(Scalar(1.0, None)).is_constant()


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, pickled])
def test_a_non_leaf_is_not_copied(clone):
    with pytest.raises(GradientError, match=r"Scalar\(6\) cannot be copied with its graph; Scalar"):
        clone(Scalar(2.0) * 3.0)


def test_it_takes_no_other_attributes():
    with pytest.raises(AttributeError, match="derivatve"):
        Scalar(1.0).derivatve = 2.0


def test_serial_numbers_rise():
    x = Scalar(1.0)
    y = x + 1.0
    assert x.unique_id < y.unique_id < Scalar(1.0).unique_id


def test_a_wrong_number_of_inputs_is_python_s_error():
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        maximum(Scalar(1.0))


METHODS = [
    name for name, v in vars(mt_operators).items() if isinstance(v, Op) and hasattr(Scalar, name)
]


def test_every_named_function_of_numbers_is_a_method():
    named = {name for name, v in vars(mt_operators).items() if isinstance(v, Op)}
    spelled = {"add", "sub", "mul", "div", "power", "neg", "identity", "absolute"}
    spelled |= {"lt", "le", "gt", "ge", "eq", "ne", "inv", "where"}
    assert set(METHODS) == named - spelled


@pytest.mark.parametrize("name", METHODS)
def test_a_method_does_what_the_operator_does(name):
    operator = getattr(mt_operators, name)
    values = [0.7, 0.2, 0.9][: operator.arity]
    x = Scalar(values[0])
    assert getattr(x, name)(*values[1:]).data == operator(*values)
