"""Exponentials and logarithms: how far from the exact value, over all floats.

Inputs are uniform in their bits, so that subnormals, huge numbers and nan are met as often as
ordinary ones; the oracle is NumPy in twice the precision, and decimal arithmetic for float64.
"""

# ruff: noqa: PLW0108  lambdas are what a user writes

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

import mt_operators
from mt_fast.backend import FastBackend
from mt_fast.constants import BINARY32, BINARY64, LN2, LN2_32, LN2_REST
from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_tensor.tensor_data import TensorData

BACKEND = FastBackend()

large = pytest.mark.skipif(INTERPRETED, reason="takes minutes in plain Python")

LIMITS = {
    "exp": (mt_operators.exp, np.exp, 1.1),
    "log": (mt_operators.log, np.log, 1.2),
    "tanh": (mt_operators.tanh, np.tanh, 2.6),
    "expm1": (lambda x: math.expm1(x), np.expm1, 1.9),
    "log1p": (lambda x: math.log1p(x), np.log1p, 1.5),
    "sigmoid": (mt_operators.sigmoid, lambda x: 1.0 / (1.0 + np.exp(-x)), 2.5),
}
"""Function, oracle, and the error in units in the last place that is claimed."""


def computed(fn, x):
    out = np.empty_like(x)
    BACKEND.map(fn, TensorData(out, x.shape), TensorData(x, x.shape))
    return out


def ulps(actual, exact):
    """Return the errors in units in the last place; those of nan and infinities must be none."""
    with np.errstate(all="ignore"):
        wanted = exact.astype(actual.dtype)
    finite = np.isfinite(wanted) & np.isfinite(actual)
    np.testing.assert_array_equal(actual[~finite], wanted[~finite])
    unit = np.spacing(abs(wanted[finite])).astype(exact.dtype)
    return abs(actual[finite].astype(exact.dtype) - exact[finite]) / unit


def every_float32(start, step):
    """Yield float32 by their bits, in parts: all of them with a step of 1."""
    for part in range(start, 1 << 32, step << 22):
        bits = np.arange(part, min(part + (step << 22), 1 << 32), step, dtype=np.uint64)
        yield bits.astype(np.uint32).view(np.float32)


@large
@pytest.mark.parametrize("name", LIMITS)
def test_float32_by_bits(name):
    fn, oracle, limit = LIMITS[name]
    for x in every_float32(start=17, step=1021):
        with np.errstate(all="ignore"):
            exact = oracle(x.astype(np.float64))
        assert ulps(computed(fn, x), exact).max(initial=0.0) <= limit


@large
@pytest.mark.parametrize("name", LIMITS)
def test_float32_where_it_matters(name):
    fn, oracle, limit = LIMITS[name]
    x = np.random.default_rng(0).uniform(-110.0, 110.0, 1 << 20).astype(np.float32)
    x[::2] /= 40.0
    with np.errstate(all="ignore"):
        exact = oracle(x.astype(np.float64))
    assert ulps(computed(fn, x), exact).max() <= limit


def decimal_error(fn, oracle, x):
    """Return the largest error over float64 inputs whose results are ordinary numbers."""
    worst = 0.0
    with localcontext(prec=60):
        for given, got in zip(x.tolist(), computed(fn, x).tolist(), strict=True):
            exact = oracle(Decimal(given))
            worst = max(worst, float(abs(Decimal(got) - exact) / Decimal(math.ulp(float(exact)))))
    return worst


def decimal_tanh(x):
    power = (2 * x).exp()
    return (power - 1) / (power + 1)


DECIMALS = {
    "exp": (lambda x: x.exp(), -700.0, 700.0),
    "log": (lambda x: x.ln(), 1e-9, 1e9),
    "tanh": (decimal_tanh, -30.0, 30.0),
    "expm1": (lambda x: x.exp() - 1, -40.0, 700.0),
    "log1p": (lambda x: (1 + x).ln(), -0.99, 50.0),
    "sigmoid": (lambda x: 1 / (1 + (-x).exp()), -700.0, 700.0),
}


@pytest.mark.parametrize("spread", [1.0, 1e-2, 1e-9])
@pytest.mark.parametrize("name", DECIMALS)
def test_float64(name, spread):
    oracle, low, high = DECIMALS[name]
    x = np.random.default_rng(1).uniform(low, high, 1500)
    x = np.abs(x) ** spread if name == "log" else x * spread
    fn, _, limit = LIMITS[name]
    assert decimal_error(fn, oracle, x) <= limit


@pytest.mark.parametrize("name", ["exp", "sigmoid"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_subnormal_results_are_rounded_once(dtype, name):
    fn, oracle, limit = LIMITS[name]
    low = {"float32": -103.9, "float64": -745.1}[dtype]
    x = np.linspace(low, low * 0.85, 100_000).astype(dtype)
    exact = oracle(x.astype(np.longdouble if dtype == "float64" else np.float64))
    assert ulps(computed(fn, x), exact).max() <= limit


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_sigmoid_reaches_its_limits_exactly(dtype):
    above = np.array([40.0, 88.7, 104.0, 746.0, np.finfo(dtype).max, np.inf], dtype)
    np.testing.assert_array_equal(computed(mt_operators.sigmoid, above), 1.0)
    below = -above[3:]
    np.testing.assert_array_equal(computed(mt_operators.sigmoid, below), 0.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LIMITS)
def test_a_result_depends_on_no_neighbours(name, dtype):
    fn = LIMITS[name][0]
    x = np.random.default_rng(2).uniform(-30.0, 30.0, 61).astype(dtype)
    alone = [computed(fn, x[i : i + 1])[0] for i in range(x.size)]
    np.testing.assert_array_equal(computed(fn, x), np.array(alone, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_operator_that_calls_the_sigmoid_has_the_same_one(dtype):
    x = np.linspace(-120.0, 30.0, 1001).astype(dtype)
    called = computed(lambda x: -mt_operators.sigmoid(x), x)
    np.testing.assert_array_equal(called, -computed(mt_operators.sigmoid, x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_inputs(dtype):
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40], dtype)
    for name, (fn, oracle, _) in LIMITS.items():
        with np.errstate(all="ignore"):
            wanted = oracle(x)
        got = computed(fn, x)
        np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted), name)
        same = wanted[~np.isnan(wanted)]
        np.testing.assert_allclose(got[~np.isnan(wanted)], same, rtol=1e-6, err_msg=name)
        np.testing.assert_array_equal(np.signbit(got[~np.isnan(wanted)]), np.signbit(same), name)


def interpolated(function, low, high, degree):
    """Return the coefficients, highest first, of the interpolation at the Chebyshev nodes."""
    nodes = [math.cos(math.pi * (2 * i + 1) / (2 * degree + 2)) for i in range(degree + 1)]
    xs = [(low + high) / 2 + (high - low) / 2 * Decimal(node) for node in nodes]
    differences = [function(x) for x in xs]
    for order in range(1, degree + 1):
        for i in range(degree, order - 1, -1):
            rise = differences[i] - differences[i - 1]
            differences[i] = rise / (xs[i] - xs[i - order])
    coefficients = [Decimal(0)] * (degree + 1)
    for i in range(degree, -1, -1):
        shifted = [Decimal(0), *coefficients[:-1]]
        pairs = zip(shifted, coefficients, strict=True)
        coefficients = [up - xs[i] * same for up, same in pairs]
        coefficients[0] += differences[i]
    return [float(c) for c in reversed(coefficients)]


def exp_remainder(r):
    return (r.exp() - 1 - r) / (r * r) if r else Decimal("0.5")


def log_remainder(z):
    s = z.sqrt()
    return (((1 + s) / (1 - s)).ln() - 2 * s) / (s * z)


@pytest.mark.parametrize("table", [BINARY32, BINARY64])
def test_the_polynomials_are_what_they_are_said_to_be(table):
    with localcontext(prec=60):
        half = Decimal(2).ln() / 2
        most = ((Decimal(2).sqrt() - 1) / (Decimal(2).sqrt() + 1)) ** 2
        degree = len(table["EXP"]) - 1
        exp = interpolated(exp_remainder, -half, half, degree)
        log = interpolated(log_remainder, Decimal(0), most, len(table["LOG"]) - 1)
    np.testing.assert_allclose(table["EXP"], exp, rtol=1e-15)
    np.testing.assert_allclose(table["LOG"], log, rtol=1e-15)


def test_the_parts_of_ln_2():
    with localcontext(prec=60):
        exact = Decimal(2).ln()
        assert float(exact) == LN2
        assert float(exact - Decimal(LN2)) == LN2_REST
        assert float(np.float32(LN2)) == LN2_32
