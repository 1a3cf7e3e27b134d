"""What stands for a pointer in the simulator.

A plain array would do, but it wraps negative positions around, and the simulator copies it on every
launch.
"""

from typing import Any

import numpy as np


class Pointer:
    """An array without a length, as a kernel sees it, that still knows its bounds."""

    __slots__ = ("array", "offset")

    def __init__(self, array: np.ndarray[Any, Any], offset: int) -> None:
        """Point at an element of a flat array."""
        self.array = array
        self.offset = offset

    def __getitem__(self, i: int) -> Any:
        """Read an element, counted from the pointer."""
        return self.array[self._position(i)]

    def __setitem__(self, i: int, value: Any) -> None:
        """Write an element, counted from the pointer."""
        self.array[self._position(i)] = value

    def check_vector(self, i: int, lanes: int) -> None:
        """Refuse a position where a GPU cannot load so many elements at once.

        Raises:
            ValueError: the address is not a multiple of the vector's bytes, or of 16.
        """
        step = min(lanes, max(16 // self.array.itemsize, 1))
        first = self.array.__array_interface__["data"][0] // self.array.itemsize
        if (first + self.offset + int(i)) % step:
            message = f"position {self.offset + int(i)} is not aligned for {lanes} elements at once"
            raise ValueError(message)

    def _position(self, i: int) -> int:
        position = self.offset + int(i)
        if not 0 <= position < self.array.size:
            message = f"position {position} is outside of memory of {self.array.size} elements"
            raise IndexError(message)
        return position
