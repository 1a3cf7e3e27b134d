"""An operator's Python function, made ready to be called in a kernel.

On a GPU, Numba compiles it; its `math` is CUDA's. In the simulator it stays Python, but NumPy takes
the place of `math`: float32 stays float32, and edges give IEEE results where Python would raise.
"""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mt_cuda.device import SIMULATED, inline
from mt_operators import Op
from mt_tensor.backend import ElementFn
from mt_tensor.dtypes import DType
from mt_tensor.errors import BackendError
from mt_tensor.lowering import fingerprint, lower


def compute_dtype(*dtypes: DType) -> DType:
    """Return what to compute in: the widest float among the dtypes, else int64."""
    floats = [dtype for dtype in dtypes if dtype.kind == "f"]
    return max(floats, key=lambda dtype: dtype.itemsize) if floats else np.dtype(np.int64)


@dataclass(frozen=True, eq=False)
class DeviceFunction:
    """A float function that kernels can call.

    Attributes:
        name: for messages and tables.
        identity: names its content; None if that cannot be named.
        dtype: what it takes and computes in.
        call: what a kernel calls.
    """

    name: str
    identity: str | None
    dtype: DType
    call: Any


def prepare(fn: ElementFn, *dtypes: DType) -> DeviceFunction:
    """Make a float function callable in kernels over these dtypes, the output's among them.

    Raises:
        BackendError: it is no Python function, or reaches itself.
    """
    dtype = compute_dtype(*dtypes)
    call = lower(fn, inline, dtype, NUMPY_TWINS if SIMULATED else {})
    name = fn.name if isinstance(fn, Op) else fn.__name__
    return DeviceFunction(name, _identity(fn), dtype, call)


def unit_of(op: Op, dtype: DType) -> float:
    """Return the unit of an operator in a dtype: the extreme integer in place of an infinity.

    Raises:
        BackendError: it has none, so it does not reduce.
    """
    if op.unit is None:
        message = f"cuda: {op.name} has no unit, so it cannot reduce; define it with unit="
        raise BackendError(message)
    if dtype.kind == "f" or not math.isinf(op.unit):
        return op.unit
    limits = np.iinfo(dtype)
    return int(limits.max if op.unit > 0.0 else limits.min)


def _identity(fn: ElementFn) -> str | None:
    try:
        return fingerprint(fn)
    except BackendError:
        return None


def _elementwise(function: Callable[..., float]) -> Callable[..., Any]:
    """Let a function of Python floats keep the type of its argument."""

    def twin(x: Any) -> Any:
        return type(x)(function(x))

    return twin


NUMPY_TWINS: Mapping[Any, Any] = {
    math.exp: np.exp,
    math.expm1: np.expm1,
    math.log: np.log,
    math.log1p: np.log1p,
    math.sqrt: np.sqrt,
    math.pow: operator.pow,  # np.power(-inf, 0.5) is nan: it takes a root.
    math.sin: np.sin,
    math.cos: np.cos,
    math.tan: np.tan,
    math.sinh: np.sinh,
    math.cosh: np.cosh,
    math.tanh: np.tanh,
    math.asin: np.arcsin,
    math.acos: np.arccos,
    math.atan: np.arctan,
    math.atan2: np.arctan2,
    math.fabs: np.fabs,
    math.floor: np.floor,
    math.ceil: np.ceil,
    math.copysign: np.copysign,
    math.isnan: np.isnan,
    math.isinf: np.isinf,
    math.erf: _elementwise(math.erf),
    math.erfc: _elementwise(math.erfc),
}
