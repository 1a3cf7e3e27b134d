"""The lessons: each a sequence of kernels for one task, from the plainest to the one in use.

    >>> from mt_fast.lessons import LESSONS
    >>> [step.name for step in LESSONS["map"]]
    ['strided', 'merged', 'tiled']

A step is called as the backend is, with tensors; its last one *is* what the backend calls. The code
of each is in `mt_fast.kernels`, in a file of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from math import prod
from types import ModuleType
from typing import Any

import numba
import numpy as np
from numpy.lib.stride_tricks import as_strided

from mt_fast.elementwise import Elementwise
from mt_fast.kernels.map.merged import merge
from mt_fast.product import multiply
from mt_fast.reduction import Reduction
from mt_fast.twins import twins
from mt_operators import Op
from mt_tensor.dtypes import DType
from mt_tensor.lowering import lower
from mt_tensor.tensor_data import TensorData


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lesson.

    Attributes:
        lesson: what it computes: `matmul`, `map` or `reduce`.
        name: of the step, and of its file.
        entry: the name of its kernel in that file.
        call: calls a kernel, its first argument, with the tensors `out, a, b`, or with an operator
            and `out, a, b` or `out, a`, where `out` has the size 1 along the last dimension, which
            is folded.
    """

    lesson: str
    name: str
    entry: str
    call: Callable[..., None]

    @property
    def module(self) -> ModuleType:
        """The file."""
        return import_module(f"mt_fast.kernels.{self.lesson}.{self.name}")

    @property
    def idea(self) -> str:
        """The first line of the file."""
        return (self.module.__doc__ or "").splitlines()[0]

    def run(self, *operands: Any) -> None:
        """Compute, with the operands that `call` takes."""
        self.call(getattr(self.module, self.entry), *operands)


@cache
def compiled(op: Op, dtype: DType) -> Any:
    """Compile an operator of two numbers, to be given to a kernel."""
    lowered = lower(op, numba.njit(error_model="numpy"), dtype, twins(dtype))

    # What it is lowered to may be an intrinsic, which cannot be passed as an argument.
    @numba.njit
    def call(x: Any, y: Any) -> Any:
        return lowered(x, y)

    return call


def call_matmul(kernel: Any, out: TensorData, a: TensorData, b: TensorData) -> None:
    """Call a kernel of matrices."""
    kernel(_matrix(a), _matrix(b), _matrix(out))


def call_map(kernel: Any, op: Op, out: TensorData, *operands: TensorData) -> None:
    """Call a kernel of storages with their layouts."""
    shape, strides, starts = _layouts(out, *operands)
    storages = (x.storage for x in (out, *operands))
    kernel(compiled(op, out.dtype), *storages, starts, shape, strides)


def call_merged(kernel: Any, op: Op, out: TensorData, *operands: TensorData) -> None:
    """Call a kernel of storages with as few dimensions as will do."""
    shape, strides, starts = _layouts(out, *operands)
    storages = (x.storage for x in (out, *operands))
    kernel(compiled(op, out.dtype), *storages, starts, *merge(shape, strides))


def call_reduce(kernel: Any, op: Op, out: TensorData, a: TensorData) -> None:
    """Call a kernel that folds the last dimension."""
    shape, (_, strides), starts = _layouts(out, a)
    storage = out.storage[out.offset : out.offset + prod(out.shape)]
    kernel(compiled(op, out.dtype), op.unit, storage, a.storage, starts[1], shape, strides)


def _layouts(out: TensorData, *operands: TensorData) -> tuple[Any, Any, Any]:
    shape = np.array((operands[0] if operands else out).shape, np.int64)
    tensors = (out, *operands)
    strides = np.array([x.strides for x in tensors], np.int64).reshape(len(tensors), -1)
    return shape, strides, np.array([x.offset for x in tensors], np.int64)


def _matrix(a: TensorData) -> Any:
    """View a tensor as an array of NumPy's."""
    size = a.storage.itemsize
    return as_strided(a.storage[a.offset :], a.shape, [size * step for step in a.strides])


def _multiply(_: Any, out: TensorData, a: TensorData, b: TensorData) -> None:
    multiply(out, a, b)


def _zip(_: Any, op: Op, out: TensorData, *operands: TensorData) -> None:
    _elementwise(op).run(op, out, operands)


def _fold(_: Any, op: Op, out: TensorData, a: TensorData) -> None:
    _reduction(op).run(op, out, a)


@cache
def _elementwise(_: Op) -> Elementwise:
    return Elementwise()


@cache
def _reduction(_: Op) -> Reduction:
    return Reduction()


LESSONS: Mapping[str, tuple[Step, ...]] = {
    "matmul": (
        *(
            Step("matmul", name, "multiply", call_matmul)
            for name in ("naive", "reordered", "blocked", "packed", "tiled")
        ),
        Step("matmul", "vectorized", "parts", _multiply),
    ),
    "map": (
        Step("map", "strided", "zipped", call_map),
        Step("map", "merged", "zipped", call_merged),
        Step("map", "tiled", "blocks", _zip),
    ),
    "reduce": (
        Step("reduce", "naive", "fold", call_reduce),
        Step("reduce", "pairwise", "fold", call_reduce),
        Step("reduce", "vectorized", "rows", _fold),
    ),
}
