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
from mt_tensor.layout import contiguous_strides, is_contiguous
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
    moving = (value, grad) if velocity is None else (value, grad, velocity)
    kept = {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
    if not _alike(moving):
        Backend.sgd_step(self, value, grad, velocity, lr=lr, **kept, nesterov=nesterov)
        return
    if listeners:
        rates = numbers(_sgd_rates, lr=lr, **kept, nesterov=nesterov)
    else:
        rates = _kept_sgd_rates(lr, momentum, dampening, weight_decay)
    _update("descend" if velocity is None else "roll", moving, rates, ahead=nesterov)


def adam_step(
    self: Any,
    value: TensorData,
    grad: TensorData,
    mean: TensorData,
    square: TensorData,
    **rates: Any,
) -> None:
    """Update a parameter and its moments, in one pass where they lie alike: a backend's method."""
    moving = value, grad, mean, square
    if not _alike(moving):
        Backend.adam_step(self, *moving, **rates)
        return
    if listeners:
        packed = numbers(_adam_rates, **rates)
    else:
        packed = _kept_adam_rates(**rates | {"betas": tuple(rates["betas"])})
    _update("adapt", moving, packed)


def _alike(tensors: tuple[TensorData, ...]) -> bool:
    """Whether tensors of one shape agree element for element, from the start of their storages."""
    first = tensors[0]
    strides, dtype = first.strides, first.storage.dtype
    for tensor in tensors:
        if tensor.strides != strides or tensor.offset or tensor.storage.dtype is not dtype:
            return False
    return strides == contiguous_strides(first.shape) or is_contiguous(first.shape, strides)


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


def _update(
    name: str, tensors: tuple[TensorData, ...], rates: Numbers, *, ahead: bool = False
) -> None:
    first = tensors[0]
    storages, offsets = (*[t.storage for t in tensors], *rates), (0,) * (len(tensors) + 1)
    key = name, ahead, first.shape
    if not _prepared.start(key, storages, offsets):
        size = first.size
        kernel = _kernel(name, storages[0].dtype, len(tensors), ahead)
        work = Work(kernel, NO_LAYOUT, size, CHUNK if size >= PARALLEL_SIZE else 0)
        _prepared.launch(key, work, storages, offsets)


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
