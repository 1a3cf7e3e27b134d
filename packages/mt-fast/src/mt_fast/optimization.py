"""The steps of optimisers, of one parameter or of many: one pass for each.

The parameters of a small network have a few hundred elements, so what costs time is to find out
how to start. That is remembered: of many parameters, each takes one look-up and one start. One that
has not been met yet is left to the single step.
"""

from collections.abc import Callable, Sequence
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
    REMEMBERED,
    Numbers,
    Prepared,
    Work,
    described,
    listeners,
    numbers,
    starter,
)
from mt_tensor.backend import AdamPart, Backend, SgdPart
from mt_tensor.defaults.optimization import adam_rates
from mt_tensor.dtypes import DType
from mt_tensor.layout import contiguous_strides, is_contiguous
from mt_tensor.tensor_data import TensorData

RATE = np.dtype(np.float64)

Known = tuple[Callable[..., Any], np.ndarray[Any, Any], Sequence[DType]]
"""What starts a kernel on this thread, the words that it reads, and the dtypes that they name."""

UNKNOWN: Known = (lambda *_: False, NO_LAYOUT, ())
"""Starts nothing."""


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


def sgd_steps(  # noqa: PLR0913  the numbers of the rule
    self: Any,
    parts: Sequence[SgdPart],
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
) -> None:
    """Make an `sgd_step` of each part: a backend's method."""
    (packed,) = _kept_sgd_rates(lr, momentum, dampening, weight_decay)
    key: Any
    for p, g, v in parts:
        if v is None:
            key = "descend", p.shape, p.strides, g.strides, p.offset or g.offset
            start, words, _ = _known.get(key, UNKNOWN)
            started = start(words, p.storage, g.storage, packed, 0, 0, 0)
        else:
            offset = p.offset or g.offset or v.offset
            key = "roll", p.shape, p.strides, g.strides, v.strides, offset, nesterov
            start, words, _ = _known.get(key, UNKNOWN)
            started = start(words, p.storage, g.storage, v.storage, packed, 0, 0, 0, 0)
        if not started:
            rates = {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
            self.sgd_step(p, g, v, lr=lr, **rates, nesterov=nesterov)
            _remember(key, (p, g) if v is None else (p, g, v), ahead=nesterov)


def adam_steps(self: Any, parts: Sequence[AdamPart], **rates: Any) -> None:
    """Make an `adam_step` of each part: a backend's method."""
    (packed,) = _adam_rates(**rates)
    for p, g, m, s in parts:
        offset = p.offset or g.offset or m.offset or s.offset
        key = "adapt", p.shape, p.strides, g.strides, m.strides, s.strides, offset
        start, words, _ = _known.get(key, UNKNOWN)
        storages = p.storage, g.storage, m.storage, s.storage, packed
        if not start(words, storages, (0, 0, 0, 0, 0)):
            self.adam_step(p, g, m, s, **rates)
            _remember(key, (p, g, m, s))


def _remember(
    key: tuple[Any, ...], tensors: tuple[TensorData, ...], *, ahead: bool = False
) -> None:
    """Keep what starts a kernel on such tensors; nothing where threads may share the work."""
    size = tensors[0].size
    if size >= PARALLEL_SIZE or not _alike(tensors):
        return
    dtypes = [*(tensor.storage.dtype for tensor in tensors), RATE]
    kernel = _kernel(key[0], dtypes[0], len(tensors), ahead)
    if len(_known) >= REMEMBERED:
        _known.clear()
    _known[key] = starter(len(dtypes)), described(kernel, size, NO_LAYOUT, dtypes), dtypes


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

_known: dict[tuple[Any, ...], Known] = {}
"""By kernel, shape, strides of each tensor, and an offset: 0 if all are; what else is not known."""
