"""`precompile`: compile before the first use what networks are made of, or load it from disk.

    >>> from mt_fast import precompile
    >>> done = precompile("dropout", dtypes=["float32"])  # compiled, or loaded
    >>> precompile("dropout", dtypes=["float32"])
    Precompiled(compiled=0, loaded=0)

Each kernel is compiled when it is first called; so this calls the backend with small tensors, in
the layouts that differ for a kernel: dense, a row or a column that is broadcast, and permuted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from operator import matmul, methodcaller
from typing import Any, NamedTuple

import mt_operators as ops
from mt_tensor import cat, full
from mt_tensor.backend import Backend
from mt_tensor.dtypes import DType, as_dtype
from mt_tensor.errors import BackendError
from mt_tensor.registry import get_backend
from mt_tensor.tensor_data import TensorData

UNARY = (
    *(ops.neg, ops.inv, ops.exp, ops.log, ops.sqrt),
    *(ops.relu, ops.sigmoid, ops.softplus, ops.tanh),
)
BINARY = (ops.add, ops.sub, ops.mul, ops.div, ops.maximum, ops.lt)
ONE = (1, 1)
WINDOWS = (2, 3, 4)
SHAPES = {"dense": (3, 3), "permuted": (3, 3), "row": (3,), "column": (3, 1), "number": ()}


class Precompiled(NamedTuple):
    """What `precompile` did.

    Attributes:
        compiled: how many kernels were compiled, and are on disk now.
        loaded: how many were on disk already.
    """

    compiled: int
    loaded: int


def precompile(*groups: str, dtypes: Sequence[Any] = ("float32", "float64")) -> Precompiled:
    """Compile the common kernels, or load them from disk.

    A kernel that this process has is not counted again.

    Args:
        groups: names among `GROUPS`; all of them if there is none.
        dtypes: of the elements.

    Returns:
        How many kernels were compiled, and how many loaded.

    Raises:
        BackendError: there is no such group.
    """
    for name in groups:
        if name not in GROUPS:
            message = f"precompile: no group {name!r}; there are {', '.join(GROUPS)}"
            raise BackendError(message)
    backend = get_backend("fast")
    with _counted() as found:
        for name in groups or GROUPS:
            for dtype in map(as_dtype, dtypes):
                GROUPS[name](backend, dtype)
    return Precompiled(found.count(False), found.count(True))


@contextmanager
def _counted() -> Iterator[list[bool]]:
    """Note, for each kernel that is asked for, whether it was found on disk."""
    cache = import_module("numba.core.caching").FunctionCache
    load = cache.load_overload
    found: list[bool] = []

    def noted(self: Any, *args: Any) -> Any:
        kernel = load(self, *args)
        found.append(kernel is not None)
        return kernel

    cache.load_overload = noted
    try:
        yield found
    finally:
        cache.load_overload = load


def _elementwise(_: Backend, dtype: DType) -> None:
    for op in UNARY:
        for layout in ("dense", "permuted"):
            _there_and_back(op, _laid(layout, dtype))
    for op in BINARY:
        for layout in SHAPES:
            _there_and_back(op, _laid("dense", dtype), _laid(layout, dtype))
        _there_and_back(op, _laid("number", dtype), _laid("dense", dtype))


def _laid(layout: str, dtype: DType) -> Any:
    """Return a tensor that broadcasts to 3 x 3."""
    ones = full(SHAPES[layout], 1.0, dtype=dtype, backend="fast", requires_grad=True)
    return ones.permute(1, 0) if layout == "permuted" else ones


def _there_and_back(function: Callable[..., Any], *operands: Any) -> None:
    """Pull gradients back: one that is the same number for all elements, and a dense one."""
    result = function(*operands)
    if result.requires_grad:
        result.sum().backward(retain_graph=True)
        dense = full(result.shape, 1.0, dtype=result.dtype, backend="fast")
        (function(*operands) * dense).sum().backward()


def _reductions(_: Backend, dtype: DType) -> None:
    for layout in ("dense", "permuted"):
        for axis in (0, 1):
            for fold in ("sum", "mean", "max"):
                _there_and_back(methodcaller(fold, axis), _laid(layout, dtype))
    full((2, 3, 4), 1.0, dtype=dtype, backend="fast").sum((0, 2))


def _joining(_: Backend, dtype: DType) -> None:
    for axis in (0, 1):
        _there_and_back(lambda *parts, axis=axis: cat(parts, axis), *[_laid("dense", dtype)] * 2)


def _matmul(_: Backend, dtype: DType) -> None:
    _there_and_back(matmul, _laid("dense", dtype), _laid("permuted", dtype))


def _convolution(backend: Backend, dtype: DType) -> None:
    weight, bias = _given(backend, dtype, 3, 2, 3, 3), _given(backend, dtype, 3)
    for size in (4, 16):  # the gradient by the kernels has two ways
        x, out = _given(backend, dtype, 1, 2, size, size), _given(backend, dtype, 1, 3, size, size)
        backend.conv2d(out, x, weight, None, ONE, ONE)
        backend.conv2d_by_input(x, out, weight, ONE, ONE)
        backend.conv2d_by_weight(weight, bias, out, x, ONE, ONE)
    x, out = _given(backend, dtype, 1, 2, 4), _given(backend, dtype, 1, 3, 4)
    weight = _given(backend, dtype, 3, 2, 3)
    backend.conv1d(out, x, weight, bias, 1, 1)
    backend.conv1d_by_input(x, out, weight, 1, 1)
    backend.conv1d_by_weight(weight, None, out, x, 1, 1)


def _pooling(backend: Backend, dtype: DType) -> None:
    for size in WINDOWS:
        both = (size, size), (size, size)
        x, grad = (_given(backend, dtype, 1, 1, 2 * size, 2 * size) for _ in range(2))
        out = _given(backend, dtype, 1, 1, 2, 2)
        backend.avg_pool2d(out, x, *both)
        backend.avg_pool2d_by_input(x, out, *both)
        backend.max_pool2d(out, x, *both)
        backend.max_pool2d_by_input(grad, out, x, *both)


def _softmax(backend: Backend, dtype: DType) -> None:
    x, y, grad = (_given(backend, dtype, 2, 3) for _ in range(3))
    backend.log_softmax(y, x, 1)
    backend.log_softmax_by_input(x, grad, y, 1)
    index = backend.full((2,), 1, as_dtype("int64"))
    picked = _given(backend, dtype, 2)
    backend.pick(picked, x, index)
    backend.pick_by_input(x, picked, index)
    backend.take_rows(y, x, index)
    backend.add_rows(y, index, x)


def _dropout(backend: Backend, dtype: DType) -> None:
    x, y = (_given(backend, dtype, 2, 3) for _ in range(2))
    backend.dropout(y, x, 0.5, 1)


def _optimizers(backend: Backend, dtype: DType) -> None:
    value, grad, mean, square = (_given(backend, dtype, 3) for _ in range(4))
    rates = {"lr": 0.1, "momentum": 0.9, "dampening": 0.0, "weight_decay": 0.0}
    for velocity in (None, mean):
        for nesterov in (False, True):
            backend.sgd_step(value, grad, velocity, **rates, nesterov=nesterov)
    rates = {"lr": 0.1, "eps": 1e-8, "weight_decay": 0.0}
    backend.adam_step(
        value, grad, mean, square, **rates, betas=(0.9, 0.999), decoupled=False, step=1
    )


def _threads(backend: Backend, dtype: DType) -> None:
    """Share one kernel among threads; where there is one thread, nothing is compiled for more."""
    launching = import_module("mt_fast.launching")  # it imports Numba
    many = _given(backend, dtype, launching.PARALLEL_SIZE)
    backend.map(ops.neg, many, many)


def _given(backend: Backend, dtype: DType, *shape: int) -> TensorData:
    return backend.full(shape, 0.5, dtype)


GROUPS: Mapping[str, Callable[[Backend, DType], None]] = {
    "elementwise": _elementwise,
    "reductions": _reductions,
    "joining": _joining,
    "matmul": _matmul,
    "convolution": _convolution,
    "pooling": _pooling,
    "softmax": _softmax,
    "dropout": _dropout,
    "optimizers": _optimizers,
    "threads": _threads,
}
"""What each group calls."""
