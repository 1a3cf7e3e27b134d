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
    "LN2": LN2,
    "LOG2_E": 1.4426950408889634,
    "ZERO": 0.0,
    "HALF": 0.5,
    "ONE": 1.0,
    "TWO": 2.0,
    "INF": inf,
    "NAN": nan,
}

BINARY32 = {
    "LN2_HIGH": LN2_32,
    "LN2_LOW": LN2 - LN2_32,
    "EXP": (
        0.001392617611993558,
        0.008363173074513711,
        0.041666554662050534,
        0.1666657702559799,
        0.5,
    ),
    "SHIFT": 1.5 * 2.0**23,
    "EXP_ZERO": -104.0,
    "EXP_INFINITE": 89.0,
    "EXPM1_ONE": -20.0,
    "TANH_ONE": 10.0,
    "LOG": (0.23330467216303835, 0.28550820815960665, 0.40000121839806124, 0.6666666655449709),
    "NORMAL": 2.0**-126,
    "SCALE": 2.0**25,
    "SCALE_BITS": 25.0,
}

BINARY64 = {
    "LN2_HIGH": LN2,
    "LN2_LOW": LN2_REST,
    "EXP": (
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
    ),
    "SHIFT": 1.5 * 2.0**52,
    "EXP_ZERO": -746.0,
    "EXP_INFINITE": 710.0,
    "EXPM1_ONE": -40.0,
    "TANH_ONE": 20.0,
    "LOG": (
        0.13086626147840102,
        0.13268773138656886,
        0.15386239702814658,
        0.18181795640132906,
        0.22222222391713917,
        0.28571428570803614,
        0.4000000000000088,
        0.6666666666666666,
    ),
    "NORMAL": 2.0**-1022,
    "SCALE": 2.0**54,
    "SCALE_BITS": 54.0,
}
"""`EXP` and `LOG` are polynomials, highest first: of (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, and
of (ln((1 + s) / (1 - s)) - 2 s) / s^3 as a function of s^2, where (1 + s) / (1 - s) runs from the
root of a half to that of two. They interpolate at the Chebyshev nodes."""


def constants(dtype: DType) -> Mapping[str, Any]:
    """Return the constants by name, as numbers of `dtype`."""
    values: dict[str, Any] = COMMON | (BINARY32 if dtype == float32 else BINARY64)
    return {
        name: tuple(map(dtype.type, value)) if isinstance(value, tuple) else dtype.type(value)
        for name, value in values.items()
    }
