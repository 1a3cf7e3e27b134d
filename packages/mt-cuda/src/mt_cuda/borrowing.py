"""Memory of another library as a storage of ours."""

from dataclasses import dataclass
from typing import Any

from mt_cuda.storage import Storage
from mt_tensor.dtypes import SUPPORTED, DType
from mt_tensor.errors import DTypeError
from mt_tensor.layout import Shape, Strides, extent
from mt_tensor.tensor_data import TensorData


class BorrowedMemory:
    """Memory that belongs to someone else, who is kept for as long as this is.

    Attributes:
        block: what the device knows it by, from the element of the lowest address on.
        nbytes: how many bytes there are.
    """

    __slots__ = ("_owner", "block", "nbytes")

    def __init__(self, block: Any, nbytes: int, owner: object) -> None:
        """Hold on to the owner."""
        self.block = block
        self.nbytes = nbytes
        self._owner = owner


@dataclass(frozen=True)
class Foreign:
    """An array of another library.

    Attributes:
        block: what the device knows its memory by, from the element of the lowest address on.
        address: of that element.
        shape: the size of each dimension.
        strides: in elements.
        dtype: of the elements.
        owner: who has the memory.
    """

    block: Any
    address: int
    shape: Shape
    strides: Strides
    dtype: DType
    owner: object


def borrowed(array: Foreign) -> TensorData:
    """Return the layout of a foreign array over its own memory.

    Raises:
        DTypeError: tensors do not hold such elements.
    """
    if array.dtype not in SUPPORTED:
        held = ", ".join(map(str, SUPPORTED))
        message = f"cuda: elements of {array.dtype} cannot be shared, only those of {held}"
        raise DTypeError(message)
    low, high = extent(array.shape, array.strides, 0)
    size = high - low + 1
    itemsize = array.dtype.itemsize
    memory = BorrowedMemory(array.block, size * itemsize, array.owner)
    storage = Storage(memory, size, array.dtype, skew=array.address // itemsize)
    return TensorData(storage, array.shape, array.strides, -low)
