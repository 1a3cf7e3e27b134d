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
from mt_tensor.defaults.optimization import adam_rates
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData

RATE = np.dtype(np.float64)


def fits(first: TensorData, *others: TensorData | None) -> bool:
    """Whether tensors of one shape agree element for element, each all of its storage."""
    dtype, strides, size = first.storage.dtype, first.strides, len(first.storage)
    for t in others:
        if t is not None and (
            t.strides != strides
            or t.offset
            or t.storage.dtype is not dtype
            or len(t.storage) != size
        ):
            return False
    return first.whole


def sgd_step(
    value: TensorData, grad: TensorData, velocity: TensorData | None, rates: dict[str, Any]
) -> None:
    """Update a parameter and its velocity; see `mt_tensor.defaults.optimization`."""
    if velocity is None:
        _launch("descend", (value.storage, grad.storage), _sgd_numbers(rates))
    else:
        storages = (value.storage, grad.storage, velocity.storage)
        _launch("roll", storages, _sgd_numbers(rates), ahead=rates["nesterov"])


def adam_step(
    value: TensorData,
    grad: TensorData,
    mean: TensorData,
    square: TensorData,
    rates: dict[str, Any],
) -> None:
    """Update a parameter and its moments; see `mt_tensor.defaults.optimization`."""
    storages = (value.storage, grad.storage, mean.storage, square.storage)
    _launch("adapt", storages, _adam_numbers(rates))


def _sgd_numbers(rates: dict[str, Any]) -> Numbers:
    """Pack the rates; the same arrays for the same rates, but for a replay, which writes to its."""
    return numbers(_sgd_rates, **rates) if listeners else _kept_sgd_rates(**rates)


def _adam_numbers(rates: dict[str, Any]) -> Numbers:
    """Pack the rates likewise: all parameters of a step have the same."""
    if listeners:
        return numbers(_adam_rates, **rates)
    return _kept_adam_rates(**rates | {"betas": tuple(rates["betas"])})


def _sgd_rates(
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,  # noqa: ARG001  decides the kernel
) -> Numbers:
    return (np.array([lr, weight_decay, momentum, 1.0 - dampening], RATE),)


_kept_sgd_rates = lru_cache(maxsize=64)(_sgd_rates)


def _adam_rates(**rates: Any) -> Numbers:
    return (np.array(adam_rates(**rates), RATE),)


_kept_adam_rates = lru_cache(maxsize=64)(_adam_rates)


def _launch(name: str, parameters: tuple[Any, ...], rates: Numbers, *, ahead: bool = False) -> None:
    first = parameters[0]
    size, storages = len(first), parameters + rates
    key, offsets = (name, ahead, size), (0,) * len(storages)
    if not _prepared.start(key, storages, offsets):
        kernel = _kernel(name, first.dtype, len(parameters), ahead)
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
