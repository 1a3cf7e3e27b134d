"""The backend's own versions of operators: the same meaning, in a form that LLVM vectorises.

The operators guard what Python's `math` would refuse (a division by zero, an overflow). Compiled
code refuses nothing, so its versions are the bare instructions; and `math.exp`, which would be a
call of the C library for each element, is a short sequence of vector instructions.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

import mt_operators
from mt_fast.compiler import bind, inner
from mt_fast.constants import constants
from mt_fast.kernels import elementary
from mt_fast.kernels.intrinsics import floats
from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_operators.arithmetic import quotient
from mt_operators.elementary import cosine, natural_logarithm, raised, sine
from mt_tensor.dtypes import DType


@cache
def twins(dtype: DType) -> Mapping[Any, Any]:
    """Return what stands in for operators and functions when computing in `dtype`."""
    if dtype.kind != "f":
        return {}
    # In Python, those of `math` raise at infinities.
    power, sin, cos = _IN_PYTHON if INTERPRETED else _COMPILED
    return _elementary(dtype) | {
        quotient: inner(_divided),
        mt_operators.div: inner(_divided),
        mt_operators.sqrt: floats.root,
        mt_operators.maximum: floats.largest,
        mt_operators.minimum: floats.smallest,
        mt_operators.power: power,
        raised: power,
        sine: sin,
        cosine: cos,
    }


def _elementary(dtype: DType) -> dict[Any, Any]:
    scope = dict(constants(dtype))
    for function in _FUNCTIONS:
        scope[function.__name__] = inner(bind(function, scope, function.__name__))
    exp, log = scope["exp"], scope["log"]
    return {
        math.exp: exp,
        mt_operators.exp: exp,
        math.expm1: scope["expm1"],
        math.tanh: scope["tanh"],
        mt_operators.tanh: scope["tanh"],
        mt_operators.sigmoid: scope["sigmoid"],
        math.log: log,
        natural_logarithm: log,
        mt_operators.log: log,
        math.log1p: scope["log1p"],
    }


_FUNCTIONS = (
    *(elementary.exp, elementary.expm1, elementary.tanh, elementary.sigmoid),
    *(elementary.log, elementary.log1p),
)
"""In the order in which they call one another."""


def _raised(x: float, y: float) -> Any:
    try:
        return math.pow(x, y)
    except (OverflowError, ValueError):
        return np.power(x, y)


_COMPILED = (math.pow, math.sin, math.cos)
_IN_PYTHON = (_raised, np.sin, np.cos)


def _divided(x: float, y: float) -> float:
    return x / y
