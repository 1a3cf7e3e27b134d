import math

import pytest

from mt_autodiff import (
    Context,
    Function,
    GradientError,
    Scalar,
    derivative_check,
    no_grad,
)
from mt_autodiff.scalar_rule import ScalarRule


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_values
        return grad_output * 2.0 * x


class Scale(Function):
    """Metadata goes by keyword, and into any attribute of the context."""

    @staticmethod
    def forward(ctx, x, y, *, factor=1.0):
        ctx.factor = factor
        ctx.save_for_backward(x, y)
        return factor * x * y

    @staticmethod
    def backward(ctx, grad_output):
        x, y = ctx.saved_values
        return grad_output * ctx.factor * y, grad_output * ctx.factor * x


def test_a_function_of_one_input():
    x = Scalar(3.0)
    y = Square.apply(x)
    assert y.data == 9.0
    assert y.history.last_fn is Square
    y.backward()
    assert x.derivative == 6.0
    derivative_check(Square.apply, -1.5)


def test_a_function_of_two_inputs_with_metadata():
    x, y = Scalar(3.0), Scalar(5.0)
    z = Scale.apply(x, y, factor=2.0)
    assert z.data == 30.0
    z.backward()
    assert (x.derivative, y.derivative) == (10.0, 6.0)
    derivative_check(lambda a, b: Scale.apply(a, b, factor=-0.5), 2.0, 3.0)


def test_numbers_are_constants():
    x = Scalar(3.0)
    z = Scale.apply(2.0, x)
    assert [v.is_constant() for v in z.history.inputs] == [True, False]
    assert z.history.ctx.needs_input_grad == (False, True)
    z.backward()
    assert x.derivative == 2.0


def test_a_function_of_constants_is_a_constant():
    assert Square.apply(Scalar(3.0, None)).is_constant()
    with no_grad():
        assert Square.apply(Scalar(3.0)).is_constant()


def test_nothing_is_recorded_inside_a_forward():
    seen = []

    class Inner(Function):
        @staticmethod
        def forward(_ctx, x):
            seen.append((Scalar(x) * 2.0).is_constant())
            return x

    Inner.apply(Scalar(1.0))
    assert seen == [True]


def test_an_input_may_have_no_gradient():
    class First(Function):
        @staticmethod
        def forward(_ctx, x, y):
            return x + 0.0 * y

        @staticmethod
        def backward(_ctx, grad_output):
            return grad_output, None

    x, y = Scalar(1.0), Scalar(2.0)
    First.apply(x, y).backward()
    assert (x.derivative, y.derivative) == (1.0, None)


def test_a_gradient_is_made_a_float():
    class One(Function):
        @staticmethod
        def forward(_ctx, x):
            return x

        @staticmethod
        def backward(_ctx, _grad_output):
            return 1

    x = Scalar(1.0)
    One.apply(x).backward()
    assert type(x.derivative) is float


def test_some_input_is_a_variable():
    with pytest.raises(TypeError, match=r"Square\.apply: no input is a variable: \(2\.0,\)"):
        Square.apply(2.0)


def test_inputs_are_scalars_or_numbers():
    with pytest.raises(TypeError, match="Scalar: 'two' is a str, not a real number"):
        Scale.apply(Scalar(1.0), "two")


def test_a_forward_returns_a_float():
    class Wrong(Function):
        @staticmethod
        def forward(_ctx, x):
            return [x]

    with pytest.raises(TypeError, match=r"Wrong: forward returned \[1\.0\]; a function of scalars"):
        Wrong.apply(Scalar(1.0))


def test_a_backward_returns_one_gradient_an_input():
    class Wrong(Scale):
        @staticmethod
        def backward(_ctx, grad_output):
            return grad_output

    with pytest.raises(GradientError, match="Wrong: backward returned 1 gradients for 2 inputs"):
        Wrong.apply(Scalar(1.0), Scalar(1.0)).backward()


def test_both_methods_are_to_be_written():
    class Nothing(Function):
        pass

    class Forward(Function):
        @staticmethod
        def forward(_ctx, x):
            return x

    with pytest.raises(NotImplementedError):
        Nothing.apply(Scalar(1.0))
    with pytest.raises(NotImplementedError):
        Forward.apply(Scalar(1.0)).backward()


def test_a_leaf_and_a_constant_have_no_chain():
    for x in (Scalar(1.0), Scalar(1.0, None)):
        with pytest.raises(GradientError, match="this Scalar was not computed: there is no chain"):
            list(x.chain_rule(1.0))


def test_a_constant_has_no_parents():
    with pytest.raises(GradientError, match="this Scalar is a constant: it has no parents"):
        Scalar(1.0, None).parents  # noqa: B018


def test_chain_rule_gives_each_input_its_share():
    x, y = Scalar(3.0), Scalar(5.0)
    for z, expected in ((x * y, [5.0, 3.0]), (Scale.apply(x, y), [5.0, 3.0])):
        pairs = list(z.chain_rule(2.0))
        assert [v for v, _ in pairs] == [x, y]
        assert [g for _, g in pairs] == [2.0 * e for e in expected]


def test_a_rule_of_scalars_defines_its_backward():
    with pytest.raises(NotImplementedError, match="mine: its rule defines no backward"):
        ScalarRule("mine", lambda _inputs, _saved, _d: ()).backward((), 1.0)


def test_a_context_starts_empty():
    ctx = Context()
    assert (ctx.saved_values, ctx.needs_input_grad) == ((), ())
    ctx.extra = math.pi
    assert ctx.extra == math.pi
