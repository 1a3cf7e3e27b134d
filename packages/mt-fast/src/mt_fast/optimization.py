"""`sgd_step` and `adam_step`: one pass for each parameter."""

from functools import cache
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Entry, Kernel, compile_kernel, element_types
from mt_fast.kernels import descent as kernels
from mt_fast.kernels.floats import root
from mt_fast.launching import CHUNK, NO_LAYOUT, PARALLEL_SIZE, Numbers, entry, numbers, run_parallel
from mt_fast.threads import get_num_threads
from mt_tensor.defaults.optimization import adam_rates
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData

RATE = np.dtype(np.float64)


def fits(*tensors: TensorData | None) -> bool:
    """Whether tensors agree element for element, each all of its storage."""
    present = [t for t in tensors if t is not None]
    first = present[0]
    return all(t.whole and t.storage.dtype is first.storage.dtype for t in present)


def sgd_step(
    value: TensorData, grad: TensorData, velocity: TensorData | None, **rates: Any
) -> None:
    """Update a parameter and its velocity; see `mt_tensor.defaults.optimization`."""
    if velocity is None:
        _launch("descend", (value, grad), numbers(_sgd_rates, **rates))
    else:
        moving = (value, grad, velocity)
        _launch("roll", moving, numbers(_sgd_rates, **rates), ahead=rates["nesterov"])


def adam_step(
    value: TensorData, grad: TensorData, mean: TensorData, square: TensorData, **rates: Any
) -> None:
    """Update a parameter and its moments; see `mt_tensor.defaults.optimization`."""
    _launch("adapt", (value, grad, mean, square), numbers(_adam_rates, **rates))


def _sgd_rates(
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,  # noqa: ARG001  decides the kernel
) -> Numbers:
    return (np.array([lr, weight_decay, momentum, 1.0 - dampening], RATE),)


def _adam_rates(**rates: Any) -> Numbers:
    return (np.array(adam_rates(**rates), RATE),)


def _launch(
    name: str, tensors: tuple[TensorData, ...], rates: Numbers, *, ahead: bool = False
) -> None:
    storages = (*(t.storage for t in tensors), *rates)
    size = len(storages[0])
    start, (address, _) = _kernel(name, storages[0].dtype, len(tensors), ahead=ahead)
    if size < PARALLEL_SIZE or get_num_threads() == 1:
        start(address, storages, (), NO_LAYOUT, size)
    else:
        run_parallel(address, storages, (), NO_LAYOUT, size, CHUNK)


@cache
def _kernel(name: str, dtype: DType, count: int, *, ahead: bool) -> tuple[Entry, Kernel]:
    dtypes = (*[dtype] * count, RATE)
    constants: dict[str, Any] = {
        "ALL": element_types(*dtypes),
        "number": numba.from_dtype(dtype),
        "AHEAD": ahead,
    }
    bindings = constants | {"root": root}
    return entry(0, *dtypes), compile_kernel(getattr(kernels, name), bindings, str(constants))
