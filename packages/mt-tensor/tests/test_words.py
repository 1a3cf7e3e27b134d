"""Words of memory tell of each change of a container; where they cannot, Python looks."""

import sys
from ctypes import c_ssize_t
from types import CellType, SimpleNamespace

import numpy as np
import pytest

import mt_tensor as mt
from mt_autodiff import mode
from mt_operators import Module, Parameter
from mt_tensor.capture.guards import Guard
from mt_tensor.capture.tape import Comparison
from mt_tensor.capture.words import DIRECT, readable, table, watchable
from mt_tensor.simple import SimpleBackend

pytestmark = pytest.mark.skipif(not readable(), reason="this interpreter keeps them elsewhere")


def word(address, distance):
    base = c_ssize_t.from_address(address).value
    return base if distance == DIRECT else c_ssize_t.from_address(base + distance).value


def compared(rows):
    """Compare words as a backend with compiled code does."""

    def unchanged():
        return all(word(int(a), int(d)) == content for a, d, content in rows)

    def learn():
        rows[:, 2] = [word(int(a), int(d)) for a, d, _ in rows]

    return Comparison(unchanged, learn)


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x):
        self.x = x


class Layer(Module):
    def __init__(self):
        self.size = 3


def delete(container, key):
    del container[key]


def set_often(thing):
    for i in range(1000):  # often enough for the interpreter to have a quick way
        thing.size = float(i)


def contents(cell, value):
    cell.cell_contents = value


def in_class(layer):
    type(layer).training = False


CHANGES = {
    "another value": ("item", lambda: {"a": 1.0}, "a", lambda d: d.update(a=2.0)),
    "one more": ("length", lambda: {"a": 1.0}, None, lambda d: d.update(b=2.0)),
    "one less": ("length", lambda: {"a": 1.0}, None, dict.clear),
    "gone": ("item", lambda: {"a": 1.0}, "a", lambda d: delete(d, "a")),
    "other key": ("item", lambda: {3: 1.0}, 3, lambda d: d.update({3: 2.0})),
    "entry": ("item", lambda: [1.0, 2.0], 1, lambda s: s.__setitem__(1, 3.0)),
    "longer": ("length", lambda: [1.0, 2.0], None, lambda s: s.extend([5.0] * 100)),
    "empty": ("length", lambda: [1.0, 2.0], None, list.clear),
    "order": ("item", lambda: [1.0, 2.0], 0, list.reverse),
    "cell": ("cell", lambda: CellType(1.0), None, lambda cell: contents(cell, 2.0)),
    "slot": ("attribute", lambda: Slotted(1.0), "x", lambda s: setattr(s, "x", 2.0)),
    "parameter": ("attribute", lambda: Parameter(1.0), "value", lambda p: p.update(2.0)),
    "data": ("attribute", lambda: mt.ones(2), "data", lambda t: setattr(t, "data", None)),
    "mode": ("attribute", Layer, "training", lambda m: m.eval()),
    "in the class": ("attribute", type("Kind", (Layer,), {}), "training", in_class),
}


def guard(kind, container, key):
    made = Guard("it", kind, container, key, None)
    return Guard("it", kind, container, key, made.current())


@pytest.mark.parametrize(("kind", "make", "key", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told(kind, make, key, change):
    watched = guard(kind, make(), key)
    assert watchable(watched)
    same = compared(table([watched], []))
    assert not same.unchanged()
    same.learn()
    _ = watched.holds(), repr(watched.container), sys.getrefcount(watched.container)
    assert same.unchanged()
    change(watched.container)
    assert not same.unchanged()


def test_attributes_that_are_set_in_a_loop():
    layer = Layer()
    same = compared(table([guard("item", vars(layer), "size")], []))
    for _ in range(5):
        same.learn()
        set_often(layer)
        assert not same.unchanged()


def test_all_slots_of_an_object():
    tensor = mt.ones(2)
    same = compared(table([], [tensor]))
    for name, value in (("grad", mt.ones(2)), ("history", object()), ("hooks", {})):
        same.learn()
        assert same.unchanged()
        setattr(tensor, name, value)
        assert not same.unchanged()


def test_a_value_is_told_by_what_it_is_made_of():
    parts = [1.0], {"a": 2.0}
    watched = Guard("f()", "value", parts, lambda: parts[0][0] + parts[1]["a"], 3.0)
    same = compared(table([watched], []))
    for part, key in ((parts[0], 0), (parts[1], "a")):
        same.learn()
        part[key] = 5.0
        assert not same.unchanged()


class Computed:
    @property
    def x(self):
        return 1.0


class Elsewhere:
    def __getattribute__(self, name):
        return 1.0 if name == "x" else super().__getattribute__(name)


@pytest.mark.parametrize(
    ("kind", "container", "key"),
    [
        ("attribute", mode, "recording"),  # of this thread
        ("attribute", Computed(), "x"),
        ("attribute", Elsewhere(), "x"),
        ("global", globals(), "CHANGES"),
        ("length", {1, 2}, None),
        ("length", type("Named", (dict,), {})(), None),
        ("item", np.ones(3), 0),
    ],
    ids=["of a thread", "property", "getattribute", "global", "set", "kind of dict", "array"],
)
def test_what_no_word_tells(kind, container, key):
    assert not watchable(guard(kind, container, key))


def test_another_interpreter_is_not_read(monkeypatch):
    watched = guard("item", {"a": 1.0}, "a")
    for name, value in (
        ("implementation", SimpleNamespace(name="pypy")),
        ("version_info", (3, 13)),
    ):
        readable.cache_clear()
        monkeypatch.setattr(sys, name, value)
        assert not watchable(watched)
        monkeypatch.undo()
    readable.cache_clear()
    assert watchable(watched)


@pytest.fixture
def _words(monkeypatch):
    monkeypatch.setattr(SimpleBackend, "compared", lambda _, rows: compared(rows))


@pytest.mark.usefixtures("_words")
class TestReplays:
    """Steps whose replays are told by words that they may run."""

    def warm(self, step):
        captured = mt.capture(step)
        for _ in range(6):
            captured(mt.ones(2))
        assert captured.replayed == 3
        return captured

    def test_words_are_enough_while_nothing_changes(self, monkeypatch):
        options = {"scale": 2.0}
        captured = self.warm(lambda x: x * options["scale"])
        monkeypatch.setattr(Guard, "holds", None)  # nothing of it is looked at one by one
        options["scale"] = options["scale"]
        assert captured(mt.ones(2)).tolist() == [2.0, 2.0]
        assert captured.replayed == 4

    def test_a_change_and_the_way_back(self):
        options = {"scale": 2.0}
        captured = self.warm(lambda x: x * options["scale"])
        first = options["scale"]
        for scale in (3.25, first, 4.75, first):
            options["scale"] = scale
            for _ in range(5):
                assert captured(mt.ones(2)).tolist() == [scale, scale]

    def test_a_name_that_is_gone(self):
        options = {"scale": 2.0}
        captured = self.warm(lambda x: x * options["scale"])
        del options["scale"]
        with pytest.raises(KeyError, match="scale"):
            captured(mt.ones(2))

    def test_a_gradient_that_was_taken_away_comes_back(self):
        weight = mt.ones(2, requires_grad=True)

        def step(x):
            weight.grad = None
            (x * weight).sum().backward()

        captured = self.warm(step)
        for grad in (None, mt.zeros(2), None):
            weight.grad = grad
            captured(mt.full((2,), 3.0))
            assert weight.grad.tolist() == [3.0, 3.0]
        assert captured.replayed == 6

    def test_another_thread_changes_it_while_it_is_looked_at(self, monkeypatch):
        """What is learnt is looked at once more."""
        options = {"scale": 2.0}

        def intruding(_, rows):
            same = compared(rows)

            def learn():
                options["scale"] = 3.0
                same.learn()

            return Comparison(same.unchanged, learn)

        monkeypatch.setattr(SimpleBackend, "compared", intruding)
        captured = mt.capture(lambda x: x * options["scale"])
        for _ in range(4):
            assert captured(mt.ones(2)).tolist() == [2.0, 2.0]
        for _ in range(4):
            assert captured(mt.ones(2)).tolist() == [3.0, 3.0]
