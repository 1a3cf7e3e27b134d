"""A tape: which calls are one run, and what is done before and behind them."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_operators import exp, neg
from mt_tensor.capture.live import Live
from mt_tensor.capture.tape import Call, Check, Tape
from mt_tensor.simple import SimpleBackend


class Told(SimpleBackend):
    """Writes down what it is given to make, and when."""

    def __init__(self):
        super().__init__()
        self.events, self.owned = [], []

    def lowered(self, calls, own=()):
        self.owned.append(own)

        def run():
            self.events.append([call.method for call in calls])

        return run


@pytest.fixture
def backend():
    return Told()


def fresh(backend):
    return backend.allocate((4,), np.dtype("float64"))


def call(method, *args):
    return Call(method, args, {}, "here:1:")


def told(backend, entries, made, lost=()):
    """Make a tape, and return what it does, in order."""
    ids = ({id(a.storage) for a in each} for each in (made, lost))
    for part in Tape(backend, entries, *ids).parts:
        (part.refresh if isinstance(part, Live) else part)()
    return backend.events


def look(backend, *tensors, name="look"):
    return Check(lambda *_: backend.events.append(name), tensors, "here:1:")


def test_a_check_of_an_argument_comes_before_the_calls(backend):
    x, a, b = (fresh(backend) for _ in range(3))
    entries = [call("map", exp, a, x), look(backend, x), call("map", neg, b, a)]
    assert told(backend, entries, [a, b]) == ["look", ["map", "map"]]


def test_a_check_of_what_a_call_has_written_comes_behind_it(backend):
    x, a, b = (fresh(backend) for _ in range(3))
    entries = [call("map", exp, a, x), look(backend, x, a), call("map", neg, b, a)]
    assert told(backend, entries, [a, b]) == [["map"], "look", ["map"]]


def test_what_others_see_is_written_before_a_check_may_raise(backend):
    x, a, mean = (fresh(backend) for _ in range(3))
    entries = [call("map", exp, mean, x), look(backend, x), call("map", neg, a, x)]
    assert told(backend, entries, [a]) == [["map"], "look", ["map"]]


def test_values_and_checks_keep_their_order(backend):
    x, a = fresh(backend), fresh(backend)
    first, second = (Live(lambda k=k: backend.events.append(k), ()) for k in "ab")
    backend.events.clear()
    entries = [first, call("map", exp, a, x), look(backend, x), second]
    assert told(backend, entries, [a]) == ["a", "look", "b", ["map"]]


def test_checks_keep_their_order(backend):
    x, a = fresh(backend), fresh(backend)
    entries = [
        look(backend, x, name="one"),
        call("map", exp, a, x),
        look(backend, a, name="two"),
        look(backend, x, name="three"),
    ]
    assert told(backend, entries, [a]) == ["one", ["map"], "two", "three"]


def test_a_run_owns_what_is_lost_and_met_nowhere_else(backend):
    x, a, b, c, d = (fresh(backend) for _ in range(5))
    entries = [
        call("map", exp, a, x),
        call("map", exp, b, a),
        call("map", exp, c, b),
        look(backend, c),
        call("map", neg, d, b),
    ]
    told(backend, entries, [a, b, c, d], [a, b, c])
    assert backend.owned == [{id(a.storage)}, set()]


def test_a_refused_argument_leaves_everything_as_it_was():
    """The check stands between calls; what the step has made itself is all that they write."""
    weight = mt.ones(3, requires_grad=True)

    def positive(x):
        if (x <= 0.0).any():
            message = "not positive"
            raise ValueError(message)

    def step(x):
        weight.grad = None
        y = weight * x
        mt.each_time(positive, x)
        loss = (y * y).sum()
        loss.backward()
        with mt.no_grad():
            weight.sub_(weight.grad)
        return loss

    captured = mt.capture(step)
    for _ in range(5):
        captured(mt.full((3,), 0.25))
    before = weight.tolist()
    with pytest.raises(ValueError, match="not positive"):
        captured(mt.zeros(3))
    assert weight.tolist() == before
    assert weight.grad is None
