"""Module 2: strides, indices and positions as the course has them, over `mt_tensor.TensorData`.

The functions take lists, tuples and arrays, and change an index in place: a learner's kernels,
compiled or not, call them as they stand.
"""

# ruff: noqa: S311  a storage is whatever a device has; samples, not secrets

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise, product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

import mt_tensor
from minitorch.jit import device_array
from minitorch.operators import prod
from mt_tensor.layout import broadcast_shapes, contiguous_strides

MAX_DIMS = 32

Storage: TypeAlias = NDArray[np.float64]
OutIndex: TypeAlias = NDArray[np.int32]
Index: TypeAlias = NDArray[np.int32]
Shape: TypeAlias = NDArray[np.int32]
Strides: TypeAlias = NDArray[np.int32]
UserIndex: TypeAlias = Sequence[int]
UserShape: TypeAlias = Sequence[int]
UserStrides: TypeAlias = Sequence[int]


class IndexingError(mt_tensor.IndexingError, RuntimeError):
    """An index out of range or of the wrong length, or shapes that do not broadcast."""


def index_to_position(index: Any, strides: Any) -> int:
    r"""Return where in storage an index lies: $\sum_d i_d s_d$.

    >>> index_to_position((1, 2), (3, 1))
    5
    """
    position = 0
    for d in range(len(strides)):
        position += index[d] * strides[d]
    return position


def to_index(ordinal: int, shape: Any, out_index: Any) -> None:
    """Write the index that row-major order counts as `ordinal`.

    Args:
        ordinal: from 0.
        shape: of the tensor.
        out_index: where the index goes; it may be longer than the shape.

    >>> index = [0, 0]
    >>> to_index(5, (2, 3), index)
    >>> index
    [1, 2]
    """
    rest = ordinal + 0
    for d in range(len(shape) - 1, -1, -1):
        out_index[d] = rest % shape[d]
        rest = rest // shape[d]


def broadcast_index(big_index: Any, big_shape: Any, shape: Any, out_index: Any) -> None:
    """Write the index into a tensor of `shape` that is read for `big_index` of `big_shape`.

    The shapes are aligned at the right; a dimension of size 1 is read at 0.
    """
    lead = len(big_shape) - len(shape)
    for d in range(len(shape)):
        out_index[d] = big_index[d + lead] if shape[d] > 1 else 0


def shape_broadcast(shape1: UserShape, shape2: UserShape) -> tuple[int, ...]:
    """Return the shape that both stretch to.

    Raises:
        IndexingError: there is none.

    >>> shape_broadcast((4, 1), (3,))
    (4, 3)
    """
    try:
        return broadcast_shapes("shape_broadcast", tuple(shape1), tuple(shape2))
    except mt_tensor.ShapeError as error:
        raise IndexingError(*error.args) from None


def strides_from_shape(shape: UserShape) -> UserStrides:
    """Return the strides of row-major order.

    >>> strides_from_shape((2, 3, 4))
    (12, 4, 1)
    """
    return contiguous_strides(tuple(shape))


class TensorData:
    """Storage + shape + strides: the course's view of a `mt_tensor.TensorData`.

    Args:
        storage: the elements; a list is copied to an array of float64, an array is kept.
        shape: the size of each dimension.
        strides: how far in storage the next index of each dimension is; row-major if not given.

    Raises:
        AssertionError: shape or strides are no tuples, or the storage has another size.
        IndexingError: there are not as many strides as dimensions.

    Attributes:
        data: the layout itself.
    """

    __slots__ = ("data",)

    def __init__(self, storage: Any, shape: UserShape, strides: UserStrides | None = None) -> None:
        """Check that shape, strides and storage fit."""
        elements = storage if hasattr(storage, "dtype") else np.array(storage, np.float64)
        steps = strides_from_shape(shape) if strides is None else strides
        _check(len(elements), shape, steps)
        self.data = mt_tensor.TensorData(elements, tuple(shape), tuple(steps))

    @classmethod
    def over(cls, data: mt_tensor.TensorData) -> "TensorData":
        """Look at a layout that there is already."""
        made = object.__new__(cls)
        made.data = data
        return made

    @property
    def _storage(self) -> Any:
        storage, offset = self.data.storage, self.data.offset
        if isinstance(storage, np.ndarray):
            return storage if offset == 0 else storage[offset:]
        rest = mt_tensor.TensorData(storage, (len(storage) - offset,), (1,), offset)
        return device_array(mt_tensor.get_backend("cuda").exported(rest))

    @property
    def _shape(self) -> Shape:
        return np.array(self.shape, np.int64)

    @property
    def _strides(self) -> Strides:
        return np.array(self.strides, np.int64)

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each dimension."""
        return self.data.shape

    @property
    def strides(self) -> tuple[int, ...]:
        """How far in storage the next index of each dimension is."""
        return self.data.strides

    @property
    def dims(self) -> int:
        """How many dimensions there are."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """How many elements there are."""
        return self.data.size

    def to_cuda_(self) -> None:
        """Move the storage to the GPU, unless it is there.

        Raises:
            BackendError: there is no GPU, and no simulator of one.
        """
        if isinstance(self.data.storage, np.ndarray):
            self.data.storage = mt_tensor.get_backend("cuda").from_numpy(self.data.storage)

    def is_contiguous(self) -> bool:
        """Whether the strides fall from each dimension to the next, as in row-major order."""
        return all(a >= b for a, b in pairwise(self.strides))

    @staticmethod
    def shape_broadcast(shape_a: UserShape, shape_b: UserShape) -> UserShape:
        """Return the shape that both stretch to.

        Raises:
            IndexingError: there is none.
        """
        return shape_broadcast(shape_a, shape_b)

    def index(self, index: int | UserIndex) -> int:
        """Return the position of an index.

        Raises:
            IndexingError: it has too few or too many parts, or one is negative or too large.
        """
        key = (index,) if isinstance(index, int) else tuple(index)
        if len(key) != self.dims and not self.dims == 0 == sum(key):
            message = f"index {key} has {len(key)} parts, but shape {self.shape} {self.dims}"
            raise IndexingError(message)
        for d, (i, n) in enumerate(zip(key, self.shape, strict=False)):
            if not 0 <= i < n:
                message = f"index {key} is out of range for shape {self.shape}: {i} at {d}"
                raise IndexingError(message)
        return index_to_position(key, self.strides)

    def indices(self) -> Iterable[UserIndex]:
        """Yield every index once, in row-major order."""
        return product(*(range(n) for n in self.shape))

    def sample(self) -> UserIndex:
        """Draw an index."""
        return tuple(random.randrange(n) for n in self.shape)

    def get(self, key: UserIndex) -> float:
        """Read one element."""
        return float(self._storage[self.index(key)])

    def set(self, key: UserIndex, val: float) -> None:
        """Write one element."""
        self._storage[self.index(key)] = val

    def tuple(self) -> tuple[Any, Shape, Strides]:
        """Return storage, shape and strides as a kernel takes them."""
        return self._storage, self._shape, self._strides

    def permute(self, *order: int) -> "TensorData":
        """Return a view whose dimension `d` is this one's `order[d]`.

        Raises:
            AssertionError: `order` does not name each dimension once.
        """
        if sorted(order) != list(range(self.dims)):
            message = f"permute: {order} does not name each dimension of {self.shape} once"
            raise AssertionError(message)
        return TensorData.over(self.data.permute(order))

    def to_string(self) -> str:
        """Show the elements in nested brackets, with two decimals."""
        return _brackets(np.array([self.get(i) for i in self.indices()]).reshape(self.shape), 0)


def _check(size: int, shape: UserShape, strides: UserStrides) -> None:
    if not isinstance(shape, tuple) or not isinstance(strides, tuple):
        message = f"TensorData: shape {shape!r} and strides {strides!r} must be tuples"
        raise AssertionError(message)  # noqa: TRY004  what the course raises
    if len(strides) != len(shape):
        message = (
            f"TensorData: {len(strides)} strides {strides} for {len(shape)} dimensions {shape}"
        )
        raise IndexingError(message)
    if size != prod(shape):
        message = f"TensorData: a storage of {size} elements for shape {shape}, of {prod(shape)}"
        raise AssertionError(message)


def _brackets(a: NDArray[np.float64], depth: int) -> str:
    if a.ndim == 0:
        return f"{a:3.2f}"
    parts = [_brackets(part, depth + 1) for part in a]
    return f"[{(' ' if a.ndim == 1 else chr(10) + ' ' * (depth + 1)).join(parts)}]"
