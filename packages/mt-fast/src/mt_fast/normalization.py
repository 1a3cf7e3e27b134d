"""`log_softmax` and its gradient, each in one kernel."""

from functools import cache
from math import inf, prod
from typing import Any

import numba
import numpy as np

import mt_operators
from mt_fast.compiler import Entry, Kernel, bind, bind_helpers, compile_kernel, element_types, inner
from mt_fast.kernels import softmax as kernels
from mt_fast.kernels.floats import largest
from mt_fast.launching import PARALLEL_SIZE, entry, run_parallel
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
    shape = tensors[0].shape
    others = [d for d in range(len(shape)) if d != axis % len(shape)]
    words = [shape[axis], len(others), *(t.strides[axis] for t in tensors)]
    for d in others:
        words += [shape[d], *(t.strides[d] for t in tensors)]
    storages = tuple(t.storage for t in tensors)
    offsets = tuple(t.offset for t in tensors)
    start, (address, _) = _kernel(name, storages[0].dtype, len(tensors))
    layout, units, threads = (
        np.array(words, np.int64),
        prod(shape[d] for d in others),
        get_num_threads(),
    )
    if threads == 1 or units == 1 or prod(shape) < PARALLEL_SIZE:
        start(address, storages, offsets, layout, units)
    else:
        run_parallel(address, storages, offsets, layout, units, -(-units // (4 * threads)))


@cache
def _kernel(name: str, dtype: DType, count: int) -> tuple[Entry, Kernel]:
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
    kernel = compile_kernel(getattr(kernels, name), bindings, str(constants))
    return entry(count, *[dtype] * count), kernel
