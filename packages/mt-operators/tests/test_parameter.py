import pytest

from mt_operators import Buffer, Holder, Parameter


class Recorder:
    """A value that can record gradients, as a tensor can."""

    def __init__(self):
        self.asked = []

    def requires_grad_(self, value):
        self.asked.append(value)


@pytest.mark.parametrize("kind", [Parameter, Buffer])
@pytest.mark.parametrize("value", [0.5, None, [1, 2], "text"])
def test_holds_any_value(kind, value):
    holder = kind(value)
    assert holder.value is value
    assert holder.name is None
    assert repr(holder) == f"{kind.__name__}({value!r})"


def test_update_keeps_the_holder_and_its_name():
    parameter = Parameter(1.0, name="w")
    parameter.update(2.0)
    assert (parameter.value, parameter.name) == (2.0, "w")


def test_a_parameter_asks_each_value_to_record_gradients():
    first, second = Recorder(), Recorder()
    parameter = Parameter(first)
    parameter.update(second)
    assert (first.asked, second.asked) == ([True], [True])


def test_a_buffer_does_not_ask_for_gradients():
    value = Recorder()
    Buffer(value).update(value)
    assert value.asked == []


def test_a_holder_takes_no_other_attributes():
    with pytest.raises(AttributeError, match="valeu"):
        Parameter(1.0).valeu = 2.0


def test_a_parameter_is_no_buffer_and_both_are_holders():
    assert not isinstance(Parameter(1.0), Buffer)
    assert not isinstance(Buffer(1.0), Parameter)
    assert isinstance(Parameter(1.0), Holder)
    assert isinstance(Buffer(1.0), Holder)
