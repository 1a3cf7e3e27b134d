"""Reading and writing by numbers that are data: rows of a table, one element of each row.

The numbers are in range; whoever calls has looked. They become positions in storage, on the host,
for the backend's gather and scatter.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from mt_operators import identity
from mt_tensor.defaults.windows import clear
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend

Positions = np.ndarray[Any, np.dtype[np.int64]]


def take_rows(backend: "Backend", out: TensorData, a: TensorData, index: TensorData) -> None:
    """Read rows of a table."""
    _gather(backend, out, a, _rows(backend, a, index))


def add_rows(backend: "Backend", out: TensorData, index: TensorData, a: TensorData) -> None:
    """Add rows; one that is named twice gets both."""
    backend.scatter_add(out, _rows(backend, out, index), a)


def pick(backend: "Backend", out: TensorData, a: TensorData, index: TensorData) -> None:
    """Read one element of each row."""
    _gather(backend, out, a, _elements(backend, a, index))


def pick_by_input(backend: "Backend", out: TensorData, grad: TensorData, index: TensorData) -> None:
    """Clear, then write one element of each row."""
    clear(backend, out)
    backend.scatter(out, _elements(backend, out, index), grad)


def _gather(backend: "Backend", out: TensorData, a: TensorData, positions: Positions) -> None:
    dense = out if out.whole else backend.allocate(out.shape, out.dtype)
    backend.gather(dense, a, positions)
    if dense is not out:
        backend.map(identity, out, dense)


def _rows(backend: "Backend", a: TensorData, index: TensorData) -> Positions:
    down, right = a.strides
    columns = np.arange(a.shape[1], dtype=np.int64) * right
    numbers = np.asarray(backend.to_array(index), np.int64)
    return np.asarray(a.offset + numbers[:, None] * down + columns)


def _elements(backend: "Backend", a: TensorData, index: TensorData) -> Positions:
    down, right = a.strides
    lines = np.arange(a.shape[0], dtype=np.int64)
    numbers = np.asarray(backend.to_array(index), np.int64)
    return np.asarray(a.offset + lines * down + numbers * right)
