"""A run of elements of one dtype in the memory of a device."""

from mt_cuda.device import Memory
from mt_tensor.dtypes import DType


class Storage:
    """What a `TensorData` of this backend holds.

    Args:
        memory: at least `size` elements.
        size: how many elements there are.
        dtype: the type of each.
        skew: elements from an aligned address to the first; 0 for memory of our own.
    """

    __slots__ = ("dtype", "memory", "size", "skew")

    def __init__(self, memory: Memory, size: int, dtype: DType, skew: int = 0) -> None:
        """Keep the memory alive for as long as any view of it."""
        self.skew = skew
        self.memory = memory
        self.size = size
        self.dtype = dtype

    def __len__(self) -> int:
        """How many elements it holds."""
        return self.size

    def __repr__(self) -> str:
        """Show how much of what."""
        return f"<cuda storage of {self.size} x {self.dtype}>"
