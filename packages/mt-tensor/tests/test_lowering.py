"""Rebuilding functions for a compiler, and naming their content.

Here the compiler is one that records what it was given, so that the rebuilt functions run as
Python and show what they hold.
"""

# ruff: noqa: PLC3002, PLW0108  lambdas are what is tested

import io
import math
import statistics
import subprocess
import sys
from types import FunctionType, ModuleType

import numpy as np
import pytest

import mt_operators
from mt_operators import exp, mul, op, sigmoid, tanh
from mt_tensor.errors import BackendError
from mt_tensor.lowering import fingerprint, lower

FLOAT32 = np.dtype("float32")
FLOAT64 = np.dtype("float64")
INT64 = np.dtype("int64")
HALF = 0.5
PAIR = (1.5, (2.5, 3))


class Recorder:
    """A compiler that compiles nothing."""

    def __init__(self):
        self.seen = []

    def __call__(self, function):
        self.seen.append(function.__name__)
        return function


def plain(function):
    return function


def lowered(fn, dtype=FLOAT32, twins=None):
    return lower(fn, plain, dtype, twins or {})


def halved(x):
    return HALF * x


def nested(x):
    return halved(x) + 1.0


def with_defaults(x, scale=2.0, *, shift=3.0):
    return scale * x + shift


def ping(x):
    return pong(x - 1.0) if x > 0.0 else x


def pong(x):
    return ping(x)


def raising(x):
    if x < 0.0:
        message = "negative"
        raise ValueError(message)
    return x


def asserting(x):
    assert x > 0.0
    return x


def swapped_global(value):
    """Return a function whose global `HALF` has another value."""
    return FunctionType(halved.__code__, {**globals(), "HALF": value}, "halved")


def test_constants_become_numbers_of_the_dtype():
    result = lowered(lambda x: 0.1 * x + 2.0)(np.float32(1.0))
    assert type(result) is np.float32
    assert result == np.float32(0.1) + np.float32(2.0)


@pytest.mark.parametrize("fn", [halved, nested, with_defaults])
def test_no_float64_is_left_in_float32(fn):
    assert type(lowered(fn)(np.float32(0.3))) is np.float32
    assert float(lowered(fn)(np.float32(0.3))) == pytest.approx(fn(0.3), rel=1e-6)


def test_float64_keeps_every_bit():
    assert lowered(lambda x: 0.1 * x, FLOAT64)(3.0) == 0.1 * 3.0


def test_an_integer_dtype_leaves_constants_alone():
    assert lowered(lambda x: x + 0.5, INT64)(1) == 1.5


def test_integers_and_truth_values_stay():
    assert lowered(lambda x: (x, 3, True, None))(1) == (1, 3, True, None)


def test_constants_within_tuples():
    third = lowered(lambda x: (x, PAIR))(np.float32(1.0))[1]
    assert type(third[0]) is np.float32
    assert type(third[1][0]) is np.float32
    assert type(third[1][1]) is int


def test_constants_of_inner_functions():
    assert type(lowered(lambda x: (lambda y: y + 0.1)(x))(np.float32(1.0))) is np.float32


def test_closures():
    scale, inner = 0.1, halved

    def closed(x):
        return scale * inner(x)

    assert type(lowered(closed)(np.float32(1.0))) is np.float32


def test_every_function_on_the_way_is_compiled_once():
    def shared(x):
        return nested(x) + halved(x)

    recorder = Recorder()
    lower(shared, recorder, FLOAT32, {})
    assert recorder.seen == ["halved", "nested", "shared"]


def test_operators_are_compiled_by_their_function():
    recorder = Recorder()
    assert lower(sigmoid, recorder, FLOAT64, {})(0.0) == 0.5
    assert recorder.seen == ["sigmoid"]


def test_an_operator_within_a_closure():
    pull = lower(mul.pullbacks[0], plain, FLOAT64, {})
    assert pull(2.0, 3.0, 5.0) == 10.0


def test_twins_stand_in_for_operators_functions_and_members_of_modules():
    def fake(x):
        return -x

    twins = {exp: fake, halved: fake, math.sqrt: fake}
    assert lowered(exp, twins=twins) is fake
    assert lowered(lambda x: exp(x) + halved(x) + math.sqrt(x), twins=twins)(4.0) == -12.0
    assert lowered(lambda x: mt_operators.exp(x), twins=twins)(4.0) == -4.0


def test_a_module_is_left_alone_where_nothing_in_it_changes():
    function = lowered(lambda x: math.exp(x))
    assert function.__globals__["math"] is math


def test_a_module_that_is_replaced_holds_what_was_used_of_it():
    function = lowered(lambda x: math.exp(x) + math.pi, twins={math.exp: math.log})
    stand_in = function.__globals__["math"]
    assert isinstance(stand_in, ModuleType)
    assert stand_in is not math
    assert stand_in.exp is math.log
    assert type(stand_in.pi) is np.float32


def test_a_name_of_an_attribute_is_no_global():
    # The operator is called exp, and so is what it takes of math: that is no recursion.
    assert lowered(exp, FLOAT64)(0.0) == 1.0


def test_builtins_pass_through():
    assert lower(math.exp, plain, FLOAT32, {}) is math.exp
    assert lowered(lambda x: abs(x))(-1.0) == 1.0


def test_the_original_is_not_changed():
    before = halved.__code__.co_consts, dict(halved.__globals__)
    lowered(nested)
    assert (halved.__code__.co_consts, dict(halved.__globals__)) == before
    assert type(nested(1.0)) is float


@pytest.mark.parametrize("fn", [ping, lambda x: ping(x)])
def test_recursion_is_refused(fn):
    with pytest.raises(BackendError, match=r"it is recursive: ping -> pong -> ping"):
        lowered(fn)


@pytest.mark.parametrize("fn", [raising, asserting])
def test_raising_is_refused(fn):
    with pytest.raises(BackendError, match=rf"cannot compile {fn.__name__}: it raises; return nan"):
        lowered(fn)


@pytest.mark.parametrize(
    ("value", "kind"), [(3.0, "float"), (np.sin, "ufunc"), (FLOAT32, "Float32DType")]
)
def test_what_is_no_function_is_refused(value, kind):
    with pytest.raises(BackendError, match=f"it is a {kind}, not a Python function"):
        lowered(value)


def test_fingerprints_do_not_depend_on_the_place_of_definition():
    sources = ["fn = lambda x: 2.0 * x", "\n\n\nfn = lambda x: 2.0 * x"]
    prints = []
    for number, source in enumerate(sources):
        scope = {}
        exec(compile(source, f"file{number}.py", "exec"), scope)  # noqa: S102
        prints.append(fingerprint(scope["fn"]))
    assert prints[0] == prints[1]


def test_the_same_in_another_process():
    program = (
        "from mt_operators import exp, gelu, mul\n"
        "from mt_tensor.lowering import fingerprint\n"
        "fns = [exp, gelu, mul.pullbacks[1], lambda x: x if x in {1.0, 2.0} else 0.0]\n"
        "print(*map(fingerprint, fns))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    assert len(runs.pop().split()) == 4


def scaled(factor):
    return lambda x: factor * x


def defaulted(value):
    return lambda x, y=value: x + y


def keyword(value):
    return lambda x, *, y=value: x + y


DIFFERENT = [
    (lambda x: x + 1.0, lambda x: x + 2.0),
    (lambda x: x + 1.0, lambda x: x + 1),
    (lambda x: x + 0.0, lambda x: x + -0.0),
    (lambda x: x + 1.0, lambda x: x - 1.0),
    (lambda x: math.sin(x), lambda x: math.cos(x)),
    (lambda x, y: x - y, lambda x, y: y - x),
    (lambda x: exp(x), lambda x: tanh(x)),
    (scaled(2.0), scaled(3.0)),
    (scaled(halved), scaled(nested)),
    (defaulted(1.0), defaulted(2.0)),
    (keyword(1.0), keyword(2.0)),
    (swapped_global(0.5), swapped_global(0.25)),
    (swapped_global((1.0,)), swapped_global((2.0,))),
    (swapped_global(True), swapped_global(1)),
    (swapped_global(np.float32(1)), swapped_global(np.float64(1))),
    (swapped_global(np.zeros(2)), swapped_global(np.zeros(3))),
    (swapped_global(np.zeros(2)), swapped_global(np.ones(2))),
    (swapped_global(halved), swapped_global(nested)),
    (swapped_global(math), swapped_global(statistics)),
    (swapped_global(math.exp), swapped_global(math.log)),
    (swapped_global(np.sin), swapped_global(np.cos)),
    (lambda x: 1.0 if x in {1.0, 2.0} else 0.0, lambda x: 1.0 if x in {1.0, 3.0} else 0.0),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_content_has_different_fingerprints(one, other):
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (scaled(2.0), scaled(2.0)),
        (defaulted(1.0), defaulted(1.0)),
        (swapped_global(0.25), swapped_global(0.25)),
        (op(lambda x: x)(halved), halved),
    ],
)
def test_equal_content_has_equal_fingerprints(one, other):
    assert fingerprint(one) == fingerprint(other)


def test_a_change_deep_below_is_seen():
    def reaching(helper):
        return FunctionType(nested.__code__, {**globals(), "halved": helper}, "nested")

    assert fingerprint(reaching(halved)) != fingerprint(reaching(swapped_global(0.25)))


def test_a_change_within_a_module_is_seen():
    module = ModuleType("helpers")

    def calling(x):
        return helpers.f(x)  # noqa: F821  bound below

    prints = set()
    for helper in (halved, nested):
        module.f = helper
        function = FunctionType(calling.__code__, {"helpers": module}, "calling")
        prints.add(fingerprint(function))
    assert len(prints) == 2


def test_recursion_has_a_fingerprint():
    assert fingerprint(ping) == fingerprint(ping)
    assert fingerprint(ping) != fingerprint(pong)


def test_a_compiled_function_counts_as_its_source():
    class Compiled:
        py_func = staticmethod(halved)

    assert fingerprint(swapped_global(Compiled())) == fingerprint(swapped_global(halved))


def test_what_has_no_content_is_refused():
    with pytest.raises(BackendError, match=r"may not depend on a _io\.StringIO"):
        fingerprint(swapped_global(io.StringIO()))
