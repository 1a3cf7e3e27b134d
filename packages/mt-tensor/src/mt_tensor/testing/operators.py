"""Every operator of `mt_operators`, with inputs to try it on and what it should give.

The oracle is NumPy where it has the function, else the operator's own definition, evaluated in
Python's floats; gradients come from the operator's partials in Python's floats.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import mt_operators
from mt_operators import Op, op, sigmoid, tanh
from mt_tensor.dtypes import DType

Array = np.ndarray[Any, Any]
FloatFn = Callable[..., float]

OPERATORS: dict[str, Op] = {
    value.name: value for value in vars(mt_operators).values() if isinstance(value, Op)
}
"""Every operator by name."""

FOLDS = {name: operator for name, operator in OPERATORS.items() if operator.unit is not None}
"""The operators that reduce."""

PARTIALS = [
    (name, i)
    for name, operator in OPERATORS.items()
    for i, partial in enumerate(operator.partials)
    if partial is not mt_operators.zero and partial is not mt_operators.one
]
"""Each partial derivative that a backend has to compute, as an operator's name and an input."""

NUMPY: dict[str, Callable[..., Any]] = {
    "identity": np.positive,
    "neg": np.negative,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "inv": np.reciprocal,
    "absolute": np.abs,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "power": np.power,
    "sin": np.sin,
    "cos": np.cos,
    "relu": lambda x: np.where(x < 0.0, 0.0, x),
    "leaky_relu": lambda x, slope: np.where(x > 0.0, x, slope * x),
    "sigmoid": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(0.0, x),
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "clamp": np.clip,
    "where": lambda condition, x, y: np.where(condition != 0.0, x, y),
}
"""NumPy's own function for an operator, on float64 arrays."""


def expected(fn: Op | FloatFn, *inputs: Array) -> Array:
    """Return what an operator or a function of floats gives, in float64."""
    wide = [np.asarray(x).astype(np.float64) for x in inputs]
    oracle = NUMPY.get(fn.name) if isinstance(fn, Op) else None
    with np.errstate(all="ignore"):
        values = _each(fn, *wide) if oracle is None else oracle(*wide)
    return np.asarray(values, np.float64)


def _each(fn: FloatFn, *inputs: Array) -> Array:
    if not inputs[0].size:
        return inputs[0]
    values: Array = np.vectorize(lambda *x: fn(*map(float, x)), otypes=[np.float64])(*inputs)
    return values


def samples(operator: Op, shape: tuple[int, ...], dtype: DType, seed: int = 0) -> list[Array]:
    """Draw an array for each input of an operator, from its domain.

    Every third element is the same in all inputs where their domains meet, so that ties are there.
    """
    rng = np.random.default_rng(seed)
    drawn = [np.asarray(rng.uniform(*ends, shape), dtype) for ends in operator.domain]
    low, high = max(low for low, _ in operator.domain), min(high for _, high in operator.domain)
    if len(drawn) == 1 or low >= high:
        return drawn
    common = np.clip(drawn[0], low, high).astype(dtype)
    tie = np.arange(common.size).reshape(shape) % 3 == 0
    return [np.where(tie, common, x) for x in drawn]


def saved(operator: Op, inputs: list[Array]) -> list[Array]:
    """Return what the partials of an operator take: its inputs, or its output in their dtype."""
    if operator.saves == "inputs":
        return inputs
    return [expected(operator, *inputs).astype(inputs[0].dtype)]


@op(lambda x: swish_slope(x))  # noqa: PLW0108  defined below
def swish(x: float) -> float:
    r"""$x\,\sigma(x)$: an operator that calls another."""
    return x * sigmoid(x)


def swish_slope(x: float) -> float:
    """Differentiate `swish`, by a helper that calls an operator."""
    s = sigmoid(x)
    return s + x * s * (1.0 - s)


HALF = 0.5


@op(
    lambda x, y: x * tanh(HALF * y),
    lambda x, y: 0.5 * HALF * x * x * (1.0 - tanh(HALF * y) ** 2),
)
def gated(x: float, y: float) -> float:
    """Multiply: two inputs, a constant of the module, a call of an operator."""
    return HALF * x * x * tanh(HALF * y)


@op(lambda x, y: x / math.hypot(x, y), lambda x, y: y / math.hypot(x, y), unit=0.0)
def hypotenuse(x: float, y: float) -> float:
    r"""$\sqrt{x^2 + y^2}$: a reduction with it is the norm."""
    return math.sqrt(x * x + y * y)


def scaled(factor: float) -> FloatFn:
    """Return a function that keeps a number in its closure."""

    def scale(x: float) -> float:
        return factor * x

    return scale


def chained(outer: FloatFn, inner: FloatFn) -> FloatFn:
    """Return a function that keeps two functions in its closure."""

    def chain(x: float) -> float:
        return outer(inner(x))

    return chain
