"""`gather`, `scatter` and `scatter_add`: positions sorted on the host, elements never there.

Positions arrive as NumPy arrays, so they cross to the device; the elements do not leave it.
"""

from typing import Any

import numpy as np

from mt_cuda.device import BLOCK, ceil_div
from mt_cuda.kernels import gather as kernels
from mt_cuda.launchers import Launchers
from mt_cuda.storage import Storage
from mt_tensor.dtypes import int64
from mt_tensor.tensor_data import TensorData

Positions = np.ndarray[Any, np.dtype[np.int64]]


def gather(launchers: Launchers, out: TensorData, a: TensorData, positions: Positions) -> None:
    """Set each element of a contiguous `out` to `a.storage[position]`."""
    launcher = launchers.find(kernels.gather, out.dtype, a.dtype)
    _run(launchers, launcher, (out, _whole(a)), (positions.reshape(-1),))


def scatter(launchers: Launchers, out: TensorData, positions: Positions, a: TensorData) -> None:
    """Set each `out.storage[position]` to an element of a contiguous `a`; the last one stays."""
    flat = positions.reshape(-1)
    last = flat.size - 1 - np.unique(flat[::-1], return_index=True)[1]
    launcher = launchers.find(kernels.scatter, out.dtype, a.dtype)
    _run(launchers, launcher, (_whole(out), a), (flat[last], last))


def scatter_add(launchers: Launchers, out: TensorData, positions: Positions, a: TensorData) -> None:
    """Add each element of a contiguous `a` to `out.storage[position]`; in their order."""
    flat = positions.reshape(-1)
    order = np.argsort(flat, kind="stable")
    distinct, starts = np.unique(flat[order], return_index=True)
    launcher = launchers.find(kernels.scatter_add, out.dtype, a.dtype)
    tables = (distinct, order, np.append(starts, flat.size))
    _run(launchers, launcher, (_whole(out), a), tables)


def _whole(a: TensorData) -> TensorData:
    """Return the view from the start of the storage, in which positions count."""
    return a.restrided((len(a.storage),), (1,), 0)


def _run(
    launchers: Launchers, launcher: Any, tensors: tuple[TensorData, ...], tables: tuple[Any, ...]
) -> None:
    count = len(tables[0])
    if count:
        held = [_upload(launchers, table) for table in tables]
        grid = (ceil_div(count, BLOCK), 1, 1)
        launchers.run(launcher, grid, (*tensors, *held), count)


def _upload(launchers: Launchers, table: Positions) -> TensorData:
    array = np.ascontiguousarray(table, np.int64)
    memory = launchers.device.allocate(array.nbytes)
    launchers.device.upload(memory, array)
    return TensorData(Storage(memory, array.size, int64), (array.size,))
