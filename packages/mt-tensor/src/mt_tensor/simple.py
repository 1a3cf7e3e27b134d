"""The simple backend: every kernel as the loop that defines it, in plain Python.

It is the one to read, to step through and to test against. It computes in Python's floats, which
are float64, and rounds to the dtype of the output when it stores.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from mt_operators import Op
from mt_tensor.backend import Backend, ElementFn
from mt_tensor.dtypes import DType
from mt_tensor.layout import Index, position
from mt_tensor.registry import BackendSpec, BackendStatus
from mt_tensor.tensor_data import Storage, TensorData

ieee = np.errstate(over="ignore")
"""A number too large for the output's dtype is stored as infinity, and that is no warning."""


class SimpleBackend(Backend):
    """Loops in Python over a NumPy array of one dimension."""

    name = "simple"

    def empty(self, size: int, dtype: DType) -> Storage:
        """Allocate an array."""
        return np.empty(size, dtype)

    def from_numpy(self, array: np.ndarray[Any, Any]) -> Storage:
        """Take the array itself."""
        return array

    def to_numpy(self, storage: Storage) -> np.ndarray[Any, Any]:
        """Return the array itself."""
        return storage  # type: ignore[return-value]  # the storage of this backend is an array

    @ieee
    def map(self, fn: ElementFn, out: TensorData, a: TensorData) -> None:
        """Visit every index."""
        fn = _forward(fn)
        for index in _indices(out):
            _write(out, index, fn(_read(a, index)))

    @ieee
    def zip(self, fn: ElementFn, out: TensorData, *operands: TensorData) -> None:
        """Visit every index, in all operands."""
        fn = _forward(fn)
        for index in _indices(out):
            _write(out, index, fn(*(_read(a, index) for a in operands)))

    @ieee
    def reduce(self, op: Op, out: TensorData, a: TensorData) -> None:
        """Start every output at the unit, then fold each element into the output it belongs to."""
        fn = op.forward
        folded = dict.fromkeys(_indices(out), op.unit)
        for index in _indices(a):
            target = tuple(0 if n == 1 else i for i, n in zip(index, out.shape, strict=True))
            folded[target] = fn(folded[target], _read(a, index))
        for index, value in folded.items():
            _write(out, index, value)

    @ieee
    def matmul(self, out: TensorData, a: TensorData, b: TensorData) -> None:
        """Sum over the inner dimension, for each entry of the product."""
        inner = range(a.shape[-1])
        for index in _indices(out):
            *batch, i, j = index
            terms = (_read(a, (*batch, i, k)) * _read(b, (*batch, k, j)) for k in inner)
            _write(out, index, sum(terms, 0.0))


SPEC = BackendSpec(
    factory=SimpleBackend,
    status=lambda: BackendStatus(ready=True, detail="plain Python loops", needs=""),
)


def _forward(fn: ElementFn) -> Any:
    return fn.forward if isinstance(fn, Op) else fn


def _indices(a: TensorData) -> Iterator[Index]:
    return product(*(range(n) for n in a.shape))


def _read(a: TensorData, index: Index) -> float:
    return a.storage[position(index, a.strides, a.offset)].item()  # type: ignore[no-any-return]


def _write(a: TensorData, index: Index, value: Any) -> None:
    a.storage[position(index, a.strides, a.offset)] = value
