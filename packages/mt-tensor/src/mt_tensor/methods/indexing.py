"""Reading parts of a tensor, with NumPy's keys."""

from typing import Any, Self

from mt_tensor.errors import ShapeError
from mt_tensor.functions.indexing import Gather, select
from mt_tensor.functions.movement import Restride
from mt_tensor.layout import normalize_axis
from mt_tensor.methods.movement import Movement


class Indexing(Movement):
    """`t[key]`, and what follows from it."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Self:
        """Return a part: a view for ints, slices, `...` and None, a copy for arrays and masks.

        Raises:
            IndexingError: too many indices, one out of range, or something that is not an index.
        """
        selection = select(key, self.shape)
        if selection.arrays:
            return Gather.apply(self, selection=selection)  # type: ignore[no-any-return]
        return Restride.apply(self, selection=selection)  # type: ignore[no-any-return]

    def narrow(self, dim: int, start: int, length: int) -> Self:
        """Return the view of `length` entries of a dimension, from `start`.

        Raises:
            ShapeError: the dimension is out of range, or has no such entries.
        """
        axis = normalize_axis("narrow", dim, self.ndim)
        if not 0 <= start <= start + length <= self.shape[axis]:
            message = (
                f"narrow: entries {start} to {start + length} do not lie within dimension "
                f"{axis} of {self.shape}"
            )
            raise ShapeError(message)
        return self._along(axis, slice(start, start + length))

    def split(self, size: int | list[int], dim: int = 0) -> tuple[Self, ...]:
        """Cut a dimension into views of `size` entries each (the last may be smaller).

        Args:
            size: one size, or a list of sizes that add up to the dimension's.
            dim: which dimension.

        Raises:
            ShapeError: a size is not positive, or a list does not add up.
        """
        axis = normalize_axis("split", dim, self.ndim)
        total = self.shape[axis]
        if isinstance(size, int):
            if size < 1:
                message = f"split: a size must be positive, not {size}"
                raise ShapeError(message)
            sizes = [min(size, total - i) for i in range(0, max(total, 1), size)]
        else:
            sizes = list(size)
        if sum(sizes) != total or min(sizes, default=0) < 0:
            message = (
                f"split: sizes {sizes} do not add up to {total}, dimension {axis} of {self.shape}"
            )
            raise ShapeError(message)
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        return tuple(self.narrow(axis, i, n) for i, n in zip(starts, sizes, strict=True))

    def flip(self, *dims: int) -> Self:
        """Reverse the order along dimensions: a view of negative stride.

        Raises:
            ShapeError: a dimension is out of range.
        """
        flipped = self
        for d in dims:
            flipped = flipped._along(normalize_axis("flip", d, self.ndim), slice(None, None, -1))
        return flipped

    def _along(self, axis: int, part: slice) -> Self:
        return self[(slice(None),) * axis + (part,)]

    def __len__(self) -> int:
        """Return the size of the first dimension.

        Raises:
            TypeError: it is a single number.
        """
        if not self.shape:
            message = "len() of a tensor without dimensions"
            raise TypeError(message)
        return self.shape[0]
