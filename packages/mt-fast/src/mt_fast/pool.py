"""Memory that is used again: large storages are kept when nobody holds them any more.

A fresh large array costs more than the arithmetic on it: the system hands out each of its pages
on first touch. Training allocates the same sizes in every step, so the arrays of one step are kept
for the next. An array is free when the pool's is the only reference to it; views and exported
arrays hold references, so what they show is never given away.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData

SMALLEST = 1 << 14
"""Bytes from which an array is kept; smaller ones are cheap to allocate."""

CAP = 1 << 30
"""Bytes that the pool keeps at most, those in use included."""

SHELF = 64
"""Arrays of one size that the pool keeps at most."""

Array = np.ndarray[Any, Any]


class Pool:
    """Arrays to be used again, on a shelf for each size and dtype.

    Args:
        cap: bytes to keep at most.
    """

    __slots__ = ("_cap", "_kept", "_shelves")

    def __init__(self, cap: int = CAP) -> None:
        """Keep nothing yet."""
        self._cap = cap
        self._kept = 0
        self._shelves: dict[tuple[int, int], list[Array]] = {}

    @property
    def kept(self) -> int:
        """How many bytes the pool keeps, those in use included."""
        return self._kept

    def take(self, size: int, dtype: DType) -> Array:
        """Return an array of one dimension, with any content."""
        if size * dtype.itemsize < SMALLEST:
            return np.empty(size, dtype)
        shelf = self._shelves.get((size, dtype.num))
        if shelf is None:
            return self._add(size, dtype)
        # The last one first: what was given out a moment ago is still in the cache.
        for i in reversed(range(len(shelf))):
            if _references(shelf, i) == _FREE:
                array = shelf.pop(i)
                shelf.append(array)
                return array
        return self._add(size, dtype)

    def held_by_one(self, data: TensorData) -> bool:
        """Whether the storage of a tensor is the pool's, and no view and nobody else holds it."""
        if sys.getrefcount(data.storage) != _FREE + 1:
            return False
        storage = data.storage
        for kept in self._shelves.get((len(storage), storage.dtype.num), ()):
            if kept is storage:
                return True
        return False

    def taker(self, nbytes: int) -> Callable[[int, DType], Array]:
        """Return what takes arrays of so many bytes: NumPy itself, where none is kept."""
        return np.empty if nbytes < SMALLEST else self.take

    def empty(self) -> None:
        """Let go of every array; those in use live on until they are not."""
        self._shelves.clear()
        self._kept = 0

    def _add(self, size: int, dtype: DType) -> Array:
        array = np.empty(size, dtype)
        if self._kept + array.nbytes > self._cap:
            self.empty()
        shelf = self._shelves.setdefault((size, dtype.num), [])
        if len(shelf) < SHELF and array.nbytes <= self._cap:
            shelf.append(array)
            self._kept += array.nbytes
        return array


def _references(shelf: list[Array], i: int) -> int:
    return sys.getrefcount(shelf[i])


_FREE = _references([np.empty(0)], 0)
"""The count of an array that only its shelf holds; versions of Python differ."""
