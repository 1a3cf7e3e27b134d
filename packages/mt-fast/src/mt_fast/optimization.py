"""`sgd_step` and `adam_step`: one pass for each parameter."""

from functools import cache, lru_cache
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Kernel, compile_kernel, element_types
from mt_fast.kernels import descent as kernels
from mt_fast.kernels.intrinsics.floats import root
from mt_fast.launching import (
    CHUNK,
    NO_LAYOUT,
    PARALLEL_SIZE,
    Numbers,
    Prepared,
    Work,
    listeners,
    numbers,
)
from mt_tensor.backend import Backend
from mt_tensor.defaults.optimization import adam_rates
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData

RATE = np.dtype(np.float64)


def sgd_step(  # noqa: PLR0913  the numbers of the rule
    self: Any,
    value: TensorData,
    grad: TensorData,
    velocity: TensorData | None,
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
) -> None:
    """Update a parameter and its velocity, in one pass where they lie alike: a backend's method."""
    kept = {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
    if listeners:
        packed = numbers(_sgd_rates, lr=lr, **kept, nesterov=nesterov)
    else:
        packed = _kept_sgd_rates(lr, momentum, dampening, weight_decay)
    if velocity is None:
        done = _updated("descend", (value, grad), packed)
    else:
        done = _updated("roll", (value, grad, velocity), packed, ahead=nesterov)
    if not done:
        Backend.sgd_step(self, value, grad, velocity, lr=lr, **kept, nesterov=nesterov)


def adam_step(
    self: Any,
    value: TensorData,
    grad: TensorData,
    mean: TensorData,
    square: TensorData,
    **rates: Any,
) -> None:
    """Update a parameter and its moments, in one pass where they lie alike: a backend's method."""
    if listeners:
        packed = numbers(_adam_rates, **rates)
    else:
        packed = _kept_adam_rates(**rates | {"betas": tuple(rates["betas"])})
    if not _updated("adapt", (value, grad, mean, square), packed):
        Backend.adam_step(self, value, grad, mean, square, **rates)


def _sgd_rates(
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,  # noqa: ARG001  decides the kernel
) -> Numbers:
    return (np.array([lr, weight_decay, momentum, 1.0 - dampening], RATE),)


@lru_cache(maxsize=64)
def _kept_sgd_rates(lr: float, momentum: float, dampening: float, weight_decay: float) -> Numbers:
    """Pack the rates, which all parameters of a step share. A replay writes to its own array."""
    kept = {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
    return _sgd_rates(lr=lr, **kept, nesterov=False)


def _adam_rates(**rates: Any) -> Numbers:
    return (np.array(adam_rates(**rates), RATE),)


_kept_adam_rates = lru_cache(maxsize=64)(_adam_rates)


def _updated(
    name: str, tensors: tuple[TensorData, ...], rates: Numbers, *, ahead: bool = False
) -> bool:
    """Update what agrees element for element; False, with nothing done, if they do not."""
    first = tensors[0]
    shape, strides = first.shape, first.strides
    for tensor in tensors:
        if tensor.strides != strides or tensor.offset:
            return False
    storages, offsets = (*[t.storage for t in tensors], *rates), (0,) * (len(tensors) + 1)
    key = name, ahead, shape, strides
    if _prepared.start(key, storages, offsets):
        return True
    if not (first.contiguous and len({storage.dtype for storage in storages[:-1]}) == 1):
        return False
    size = first.size
    kernel = _kernel(name, storages[0].dtype, len(tensors), ahead)
    work = Work(kernel, NO_LAYOUT, size, CHUNK if size >= PARALLEL_SIZE else 0)
    _prepared.launch(key, work, storages, offsets)
    return True


@cache
def _kernel(name: str, dtype: DType, count: int, ahead: bool) -> Kernel:  # noqa: FBT001
    dtypes = (*[dtype] * count, RATE)
    constants: dict[str, Any] = {
        "ALL": element_types(*dtypes),
        "number": numba.from_dtype(dtype),
        "AHEAD": ahead,
    }
    bindings = constants | {"root": root}
    return compile_kernel(getattr(kernels, name), bindings, str(constants))


_prepared = Prepared()
