"""A tensor's layout as one would draw it: which element of the storage stands where."""

from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from mt_tensor.layout import extent

if TYPE_CHECKING:
    from mt_tensor.tensor import Tensor

WIDEST = 24
"""How many elements of a storage are spelled out."""


def describe(a: "Tensor") -> str:
    """Draw the layout: what each stride means, values beside their positions, and the storage.

    >>> from mt_tensor import tensor
    >>> print(describe(tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], backend="simple").T))
    shape (3, 2), strides (1, 3), offset 0, float64
    dimension 0: 3 entries, 1 apart in storage
    dimension 1: 2 entries, 3 apart in storage
    values      positions
    [[1. 4.]    [[0 3]
     [2. 5.]     [1 4]
     [3. 6.]]    [2 5]]
    storage     [1. 2. 3. 4. 5. 6.]
    a view: other tensors may share this storage
    """
    data = a.data
    head = f"shape {data.shape}, strides {data.strides}, offset {data.offset}, {data.dtype}"
    dimensions = [
        f"dimension {d}: {n} entries, {_step(s)}"
        for d, (n, s) in enumerate(zip(data.shape, data.strides, strict=True))
    ]
    values = np.array2string(a.backend.to_array(data)).splitlines()
    spots = np.array2string(_positions(a)).splitlines()
    width = max(len("storage"), *map(len, values)) + 4
    pairs = zip_longest(("values", *values), ("positions", *spots), fillvalue="")
    table = [f"{left:{width}}{right}".rstrip() for left, right in pairs]
    return "\n".join((head, *dimensions, *table, f"{'storage':{width}}{_storage(a)}", _kind(a)))


def _step(stride: int) -> str:
    if stride == 0:
        return "all the same place in storage: it is broadcast"
    return f"{abs(stride)} apart in storage{', backwards' if stride < 0 else ''}"


def _positions(a: "Tensor") -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    low, high = extent(a.shape, a.data.strides, a.data.offset)
    line = np.arange(low, high + 1)
    strides = tuple(8 * s for s in a.data.strides)
    return np.lib.stride_tricks.as_strided(line[a.data.offset - low :], a.shape, strides)


def _storage(a: "Tensor") -> str:
    flat = a.backend.to_numpy(a.data.storage)
    shown = np.array2string(flat[:WIDEST], max_line_width=10_000)
    return shown if len(flat) <= WIDEST else f"{shown[:-1]} ... ({len(flat)} elements)"


def _kind(a: "Tensor") -> str:
    used, held = len(np.unique(_positions(a))), len(a.data.storage)
    if a.data.whole:
        return "contiguous: the storage is the tensor, row by row"
    part = f" that uses {used} of the {held} elements" if used < held else ""
    return f"a view{part}: other tensors may share this storage"
