"""The types of elements: two floats to compute with, integers for indices, booleans for masks.

`float64` is the default: gradient checks are exact enough to be strict, and it is NumPy's. Use
`float32` for speed. Mixed dtypes promote as NumPy's do. Gradients exist for floats only.
"""

from typing import Any

import numpy as np

from mt_tensor.errors import DTypeError

DType = np.dtype[Any]

float32: DType = np.dtype("float32")
float64: DType = np.dtype("float64")
int64: DType = np.dtype("int64")
bool_: DType = np.dtype("bool")

SUPPORTED = (float32, float64, int64, bool_)

_ONE: dict[DType | None, DType] = {dtype: dtype for dtype in SUPPORTED}
"""NumPy has several objects for one dtype; tensors hold this one, so that `is` can tell."""

_default = float64


def get_default_dtype() -> DType:
    """Return the dtype of tensors made from Python floats, `float64` unless it was set."""
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Make `float32` or `float64` the dtype of tensors made from Python floats.

    Raises:
        DTypeError: it is not a float dtype.
    """
    global _default  # noqa: PLW0603  this module is the one place that holds the choice
    chosen = as_dtype(dtype)
    if chosen.kind != "f":
        message = f"set_default_dtype: {chosen} is not a float dtype; float32 and float64 are"
        raise DTypeError(message)
    _default = chosen


def as_dtype(dtype: Any) -> DType:
    """Return the dtype that a name, a NumPy type or a dtype stands for; None for the default.

    Raises:
        DTypeError: it is none of `SUPPORTED`.
    """
    if dtype is None:
        return _default
    chosen = _numpy_dtype(dtype)
    if chosen not in _ONE:
        message = f"dtype {dtype!r} is not one of {', '.join(map(str, SUPPORTED))}"
        raise DTypeError(message)
    return _ONE[chosen]


def is_dtype(name: str) -> bool:
    """Whether NumPy knows a dtype of this name, supported here or not."""
    return _numpy_dtype(name) is not None


def nearest_dtype(dtype: DType) -> DType:
    """Return the supported dtype for data that arrives as `dtype`, such as int32 or float16.

    Raises:
        DTypeError: it is not a real number or a truth value.
    """
    if dtype in _ONE:
        return _ONE[dtype]
    nearest = {"i": int64, "u": int64, "f": float32 if dtype.itemsize < 4 else float64}  # noqa: PLR2004
    if dtype.kind not in nearest:
        message = f"a tensor cannot hold elements of dtype {dtype}"
        raise DTypeError(message)
    return nearest[dtype.kind]


def promote(first: DType, second: DType) -> DType:
    """Return the dtype in which two meet, as `numpy.promote_types`."""
    return first if first is second else _ONE[np.promote_types(first, second)]


def floating(dtype: DType) -> DType:
    """Return the dtype in which an operator computes: floats as they are, others the default."""
    return dtype if dtype is float32 or dtype is float64 or dtype.kind == "f" else _default


def _numpy_dtype(dtype: Any) -> DType | None:
    try:
        return np.dtype(dtype)  # type: ignore[no-any-return]
    except TypeError:
        return None
