"""Arrays in every layout: permuted, stepped, reversed, stretched, somewhere within a storage.

A layout is written as a NumPy view, so that NumPy itself says what the elements are; `place` then
copies the storage, not the view, to a backend, and the kernel meets the same strides and offset.
What the view leaves out of its storage holds `FILLERS`, which show where they are read, and must
be there still after the view was written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

from mt_tensor.backend import Backend
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData

Array = np.ndarray[Any, Any]

FILLERS = {"f": nan, "i": -7077, "b": True}
"""What lies between the elements of a view, by the kind of the dtype."""


@dataclass(frozen=True)
class Layout:
    """How the elements of an array lie in its storage.

    Attributes:
        order: the dimensions as storage has them, the slowest first; `()` for row-major order.
        steps: how many elements apart the entries of each dimension lie; negative to run
            backwards; `()` for 1 everywhere.
        stretched: dimensions of stride 0: the first entry is read for all.
        margin: how many elements come before the first and after the last one.
    """

    order: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    stretched: tuple[int, ...] = ()
    margin: int = 0

    def arrange(self, array: Array) -> Array:
        """Return a view that has this layout and the elements of `array`.

        Along stretched dimensions it has the first entry everywhere, and is read-only. It has as
        many dimensions as the layout was made for.
        """
        first: list[Any] = [slice(0, 1 if d in self.stretched else None) for d in range(array.ndim)]
        kept = array[(..., *first)]
        order = self.order or tuple(range(array.ndim))
        steps = self.steps or (1,) * array.ndim
        extents = [
            max((n - 1) * abs(step) + 1, 0) for n, step in zip(kept.shape, steps, strict=True)
        ]
        size = int(np.prod(extents))
        storage = np.full(size + 2 * self.margin, FILLERS[array.dtype.kind], array.dtype)
        box = storage[self.margin : self.margin + size].reshape([extents[d] for d in order])
        strided: list[Any] = [slice(None, None, step) for step in steps]
        view = box.transpose(np.argsort(order))[(..., *strided)]
        view[...] = kept
        return np.broadcast_to(view, array.shape) if self.stretched else view


LAYOUTS: dict[str, Callable[[int], Layout]] = {
    "contiguous": lambda _: Layout(),
    "offset": lambda _: Layout(margin=3),
    "permuted": lambda n: Layout(order=tuple(reversed(range(n)))),
    "rotated": lambda n: Layout(order=(*range(1, n), *range(min(n, 1)))),
    "sliced": lambda n: Layout(steps=(2,) * n, margin=1),
    "reversed": lambda n: Layout(steps=(-1,) * n),
    "mixed": lambda n: Layout(tuple(reversed(range(n))), (-2, 1, 3, -1, 2)[:n], margin=2),
    "broadcast": lambda n: Layout(stretched=tuple(range(min(n, 1)))),
    "broadcast last": lambda n: Layout(stretched=tuple(range(n))[-1:], margin=1),
    "constant": lambda n: Layout(stretched=tuple(range(n))),
}
"""Each layout by name, for a number of dimensions up to 5."""

WRITABLE = tuple(name for name, make in LAYOUTS.items() if not make(2).stretched)
"""The layouts in which no two elements share a position."""


def arranged(name: str, array: Array) -> Array:
    """Return a view of the elements of an array in the layout of this name."""
    return LAYOUTS[name](array.ndim).arrange(array)


def storage_of(view: Array) -> Array:
    """Return the flat array that a view is cut from."""
    base = view
    while isinstance(base.base, np.ndarray):
        base = base.base
    return base.ravel("K")


def layout_of(view: Array) -> tuple[tuple[int, ...], int]:
    """Return the strides and the offset of a view in its storage, counted in elements."""
    address, origin = (a.__array_interface__["data"][0] for a in (view, storage_of(view)))
    strides = tuple(step // view.itemsize for step in view.strides)
    return strides, (address - origin) // view.itemsize


def place(backend: Backend, view: Array) -> TensorData:
    """Copy the storage of a view to a backend, and read it there with the same layout."""
    strides, offset = layout_of(view)
    storage = backend.from_numpy(storage_of(view).copy())
    return TensorData(storage, view.shape, strides, offset)


def storage_with(view: Array, values: Array, dtype: DType) -> Array:
    """Return what the storage of a view holds once `values` are written to the view."""
    strides, offset = layout_of(view)
    flat = storage_of(view).astype(dtype)
    items = tuple(s * flat.itemsize for s in strides)
    np.lib.stride_tricks.as_strided(flat[offset:], view.shape, items)[...] = values
    return flat
