"""The numbers of `mt_fast.kernels.elementary`, for each float type."""

from collections.abc import Mapping
from math import inf, nan
from typing import Any

from mt_tensor.dtypes import DType, float32

LN2 = 0.6931471805599453
LN2_REST = 2.3190468138462996e-17
"""ln 2 less LN2."""
LN2_32 = 0.693147182464599609375
"""ln 2 as a float32."""

COMMON = {
    "LOG2_E": 1.4426950408889634,
    "ZERO": 0.0,
    "HALF": 0.5,
    "ONE": 1.0,
    "TWO": 2.0,
    "INF": inf,
    "NAN": nan,
}

EXP_32 = (
    0.001392617611993558,
    0.008363173074513711,
    0.041666554662050534,
    0.1666657702559799,
    0.5,
)
EXP_64 = (
    2.0914679376589667e-09,
    2.510520637395701e-08,
    2.7557273661348616e-07,
    2.7557255425746435e-06,
    2.4801587325533363e-05,
    0.00019841269874800493,
    0.0013888888888883752,
    0.008333333333326141,
    0.04166666666666667,
    0.1666666666666667,
    0.5,
)

BINARY32 = {
    "LN2_HIGH": LN2_32,
    "LN2_LOW": LN2 - LN2_32,
    "EXP": EXP_32,
    "SHIFT": 1.5 * 2.0**23,
    "EXP_ZERO": -104.0,
    "EXP_INFINITE": 89.0,
    "EXPM1_ONE": -20.0,
    "TANH_ONE": 10.0,
    "SIGMOID_ONE": 20.0,
    "SIGMOID_SHIFT": 1.5 * 2.0**23 - 24.0,
    "SIGMOID_EXP": tuple(c * 2.0**-24 for c in (*EXP_32, 1.0, 1.0)),
    "LOG": (0.2957994939197279, 0.3998878056602198, 0.6666668503957586),
    "NORMAL": 2.0**-126,
    "SCALE": 2.0**25,
    "SCALE_BITS": 25.0 * 2.0**23,
    "LN2_UNIT": LN2 * 2.0**-23,
}

BINARY64 = {
    "LN2_HIGH": LN2,
    "LN2_LOW": LN2_REST,
    "EXP": EXP_64,
    "SHIFT": 1.5 * 2.0**52,
    "EXP_ZERO": -746.0,
    "EXP_INFINITE": 710.0,
    "EXPM1_ONE": -40.0,
    "TANH_ONE": 20.0,
    "SIGMOID_ONE": 40.0,
    "SIGMOID_SHIFT": 1.5 * 2.0**52 - 54.0,
    "SIGMOID_EXP": tuple(c * 2.0**-54 for c in (*EXP_64, 1.0, 1.0)),
    "LOG": (
        0.14616449685043406,
        0.15331721600556042,
        0.18182889125261723,
        0.2222221113479508,
        0.28571428625975487,
        0.39999999999899505,
        0.666666666666667,
    ),
    "NORMAL": 2.0**-1022,
    "SCALE": 2.0**54,
    "SCALE_BITS": 54.0 * 2.0**52,
    "LN2_UNIT": LN2 * 2.0**-52,
}
"""`EXP` and `LOG` are polynomials, highest first: of (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, and
of (ln((1 + s) / (1 - s)) - 2 s) / s^3 as a function of s^2, where (1 + s) / (1 - s) runs from the
root of a half to that of two. They interpolate at the Chebyshev nodes; a term more would not show.
`SIGMOID_EXP` is the whole of e^r, times a power of two that `SIGMOID_SHIFT` has in it as well, so
that one over the least e^x is still finite. `SCALE_BITS` and `LN2_UNIT` are for exponents that are
counted as they stand in the bits of a float, above the fraction."""


def constants(dtype: DType) -> Mapping[str, Any]:
    """Return the constants by name, as numbers of `dtype`."""
    values: dict[str, Any] = COMMON | (BINARY32 if dtype == float32 else BINARY64)
    return {
        name: tuple(map(dtype.type, value)) if isinstance(value, tuple) else dtype.type(value)
        for name, value in values.items()
    }
