"""`log_softmax` and its gradient, each in one kernel."""

from collections.abc import Iterator
from functools import cache
from math import inf, prod
from typing import Any

import numba
import numpy as np

import mt_operators
from mt_fast.compiler import Kernel, bind, bind_helpers, compile_kernel, element_types, inner
from mt_fast.kernels import softmax as kernels
from mt_fast.kernels.intrinsics.floats import largest
from mt_fast.launching import PARALLEL_SIZE, Prepared, Work
from mt_fast.threads import get_num_threads
from mt_fast.twins import twins
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData


def log_softmax(out: TensorData, x: TensorData, axis: int) -> None:
    """Normalise the exponentials of `x` along `axis`, and take the logarithm."""
    _launch("log_softmax", (out, x), axis)


def log_softmax_by_input(out: TensorData, grad: TensorData, y: TensorData, axis: int) -> None:
    """Pull `grad` back through `log_softmax`, of which `y` is the result."""
    _launch("log_softmax_gradient", (out, grad, y), axis)


def _launch(name: str, tensors: tuple[TensorData, ...], axis: int) -> None:
    storages = tuple([t.storage for t in tensors])
    offsets = tuple([t.offset for t in tensors])
    key = name, axis, tensors[0].shape, *[t.strides for t in tensors]
    if not _prepared.start(key, storages, offsets):
        kernel = _kernel(name, storages[0].dtype, len(tensors))
        _prepared.launch(key, _work(kernel, tensors, axis), storages, offsets)


def _work(kernel: Kernel, tensors: tuple[TensorData, ...], axis: int) -> Work:
    """Describe the runs along an axis: a unit of work is one of them."""
    shape = tensors[0].shape
    others = [d for d in range(len(shape)) if d != axis % len(shape)]
    units = prod(shape[d] for d in others)
    large = units > 1 and prod(shape) >= PARALLEL_SIZE
    chunk = -(-units // (4 * get_num_threads())) if large else 0
    return Work(kernel, np.array([*_words(tensors, axis, others)], np.int64), units, chunk)


def _words(tensors: tuple[TensorData, ...], axis: int, others: list[int]) -> Iterator[int]:
    """Yield the layout, as the kernels read it."""
    shape = tensors[0].shape
    yield from (shape[axis], len(others), *(t.strides[axis] for t in tensors))
    for d in others:
        yield from (shape[d], *(t.strides[d] for t in tensors))


@cache
def _kernel(name: str, dtype: DType, count: int) -> Kernel:
    constants: dict[str, Any] = {
        "ALL": element_types(*[dtype] * count),
        "number": numba.from_dtype(dtype),
        "INF": inf,
    }
    own = twins(dtype)
    functions = {
        "exp": own[mt_operators.exp],
        "log": own[mt_operators.log],
        "largest": largest,
    }
    bindings = bind_helpers(constants | functions, kernels.run_at)
    bindings["total"] = inner(bind(kernels.total, bindings, "total"), fastmath={"reassoc"})
    return compile_kernel(getattr(kernels, name), bindings, str(constants))


_prepared = Prepared()
