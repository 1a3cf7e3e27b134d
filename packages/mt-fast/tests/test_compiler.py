"""What a user's function may be, and what is said of one that cannot be compiled."""

# ruff: noqa: PLW0108, SLF001  lambdas are tested, and a table that nothing shows

import gc
import math
import weakref

import numpy as np
import pytest

from mt_fast.backend import FastBackend
from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_operators import Op, op
from mt_tensor.errors import BackendError
from mt_tensor.tensor_data import TensorData

BACKEND = FastBackend()
X = np.array([0.5, 1.0, 2.0])
FACTOR = 3.0
TABLE = np.array([10.0, 20.0])


def mapped(fn, dtype="float64"):
    x = X.astype(dtype)
    out = np.full_like(x, np.nan)
    BACKEND.map(fn, TensorData(out, x.shape), TensorData(x, x.shape))
    return out


def helper(x):
    return FACTOR * x


def calling(x):
    return helper(helper(x)) + 1.0


def branching(x):
    if x < 0.75:
        return -1.0
    return x if x > 1.5 else 0.0


def looping(x):
    total = 0.0
    for i in range(4):
        total += x**i
    return total


def defaulted(x, shift=2.0):
    return x + shift


FUNCTIONS = [
    (calling, 9.0 * X + 1.0),
    (branching, [-1.0, 0.0, 2.0]),
    (looping, 1.0 + X + X**2 + X**3),
    (defaulted, X + 2.0),
    (lambda x: x + TABLE[1], X + 20.0),
    (lambda x: math.sin(x) + math.pi, np.sin(X) + np.pi),
    (lambda x: np.sin(x), np.sin(X)),
    (lambda x: 1.0 if x in {1.0, 2.0} else 0.0, [0.0, 1.0, 1.0]),
    (lambda x: 3, [3.0, 3.0, 3.0]),
    (lambda x: x > 0.75, [0.0, 1.0, 1.0]),
    (math.sqrt, np.sqrt(X)),
    (abs, X),
]


@pytest.mark.parametrize(("fn", "wanted"), FUNCTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_functions_that_compile(fn, wanted, dtype):
    np.testing.assert_allclose(mapped(fn, dtype), wanted, rtol=1e-6)


def recursive(x):
    return recursive(x - 1.0) if x > 0.0 else 0.0


def catching(x):
    try:
        return 1.0 / x
    except ZeroDivisionError:
        return 0.0


def raising(x):
    if x < 0.0:
        raise ValueError
    return x


def returning_nothing(x):
    x + 1.0


@op(lambda x: 1.0)
def texting(x):
    return str(x)


class Callable:
    def __call__(self, x):
        return x

    def __repr__(self):
        return "<callable>"


REFUSED = [
    (recursive, "cannot compile recursive: it is recursive: recursive -> recursive"),
    (raising, "cannot compile raising: it raises; return nan instead"),
    (Callable(), "cannot compile <callable>: it is a Callable, not a Python function"),
    (np.sin, "cannot compile <ufunc 'sin'>: it is a ufunc, not a Python function"),
]
FAILURES = [
    (catching, "catching: cannot be compiled for the fast backend: "),
    (returning_nothing, "returning_nothing: .*: Cannot cast none to float64$"),
    (texting, "texting: cannot be compiled for the fast backend: Cannot cast unicode_type"),
    (lambda x: x if x > 0.0 else "a", "<lambda>: .*: Cannot unify float64 and Literal"),
    (lambda x, y: x, "<lambda>: cannot be compiled for the fast backend: Cannot bind"),
    (lambda x: undefined(x), "<lambda>: .* name 'undefined' is not defined"),  # noqa: F821
    (lambda x: math.nothing(x), "<lambda>: .* module 'math' has no attribute 'nothing'"),
    (lambda x: float(str(x)), "<lambda>: cannot be compiled for the fast backend: could not"),
]
compiling = pytest.mark.skipif(INTERPRETED, reason="nothing is compiled in this run")


@pytest.mark.parametrize(("fn", "message"), REFUSED)
def test_functions_that_are_refused(fn, message):
    check_error(fn, message)


@compiling
@pytest.mark.parametrize(("fn", "message"), FAILURES)
def test_functions_that_do_not_compile(fn, message):
    check_error(fn, message)


def check_error(fn, message):
    with pytest.raises(BackendError, match=message) as caught:
        mapped(fn)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@compiling
def test_a_failure_leaves_the_backend_as_it_was():
    for _ in range(2):
        with pytest.raises(BackendError, match="catching"):
            mapped(catching)
    np.testing.assert_array_equal(mapped(lambda x: -x), -X)


def test_kernels_go_with_their_function():
    backend = FastBackend()

    def short_lived(x):
        return x + 0.25

    a, out = (TensorData(np.ones(3), (3,)) for _ in range(2))
    backend.map(short_lived, out, a)
    alive = weakref.ref(short_lived)
    assert len(backend._elementwise) == 1
    del short_lived
    gc.collect()
    assert alive() is None
    assert not backend._elementwise


def test_a_function_made_anew_is_not_mistaken_for_the_last_one():
    a, out = (TensorData(np.ones(3), (3,)) for _ in range(2))
    for shift in range(20):
        BACKEND.map(lambda x, shift=float(shift): x + shift, out, a)
        assert out.storage[0] == 1.0 + shift


def test_an_operator_that_keeps_numbers_of_its_own():
    def scaled(factor: float) -> Op:
        @op(lambda x: factor)
        def scale(x):
            return factor * x

        return scale

    for factor in (2.0, 3.0):
        np.testing.assert_array_equal(mapped(scaled(factor)), factor * X)
        pull = scaled(factor).pullbacks[0]
        out = np.empty_like(X)
        x = TensorData(X.copy(), X.shape)
        BACKEND.zip(pull, TensorData(out, X.shape), x, x)
        np.testing.assert_array_equal(out, factor * X)


def test_float32_kernels_compute_in_float32():
    # In float64 the small term would survive until it is rounded away at the end.
    tiny = 1e-9
    assert (mapped(lambda x: (x + tiny) - x, "float32") == 0.0).all()
    assert (mapped(lambda x: (x + tiny) - x, "float64") > 0.0).all()


def test_division_by_zero_is_infinite_and_silent():
    with np.errstate(all="raise"):
        assert (mapped(lambda x: x / 0.0) == np.inf).all()
        assert np.isnan(mapped(lambda x: 0.0 / (x - x))).all()
