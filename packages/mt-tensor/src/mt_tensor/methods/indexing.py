"""Reading and writing parts of a tensor, with NumPy's keys."""

from typing import Any, Self

from mt_autodiff import GradientError
from mt_operators import identity
from mt_tensor.base import TensorBase
from mt_tensor.errors import ShapeError
from mt_tensor.functions.indexing import Gather, select
from mt_tensor.functions.movement import Restride
from mt_tensor.layout import broadcast_shapes


class Indexing(TensorBase):
    """`t[key]` and `t[key] = value`."""

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

    def __setitem__(self, key: Any, value: Any) -> None:
        """Overwrite a part, in place.

        Raises:
            IndexingError: as in reading.
            ShapeError: the value does not broadcast to the part.
            GradientError: gradients are being recorded through this tensor.
        """
        if self._recorded():
            message = (
                "writing into a tensor that requires a gradient would change what its graph "
                "saved; do it under no_grad(), or on detach()"
            )
            raise GradientError(message)
        selection = select(key, self.shape)
        (source,) = self._admit((self, value))[1:]
        part = selection.view(self.data)
        shape = selection.positions(self.data).shape if selection.arrays else part.shape
        if broadcast_shapes("assignment", source.shape, shape) != shape:
            message = f"assignment: {source.shape} does not broadcast to the part of {shape}"
            raise ShapeError(message)
        values = source.data.expand(shape)
        if selection.arrays:
            self.backend.scatter(self.data, selection.positions(self.data), values)
        else:
            self.backend.map(identity, part, values)

    def __len__(self) -> int:
        """Return the size of the first dimension.

        Raises:
            TypeError: it is a single number.
        """
        if not self.shape:
            message = "len() of a tensor without dimensions"
            raise TypeError(message)
        return self.shape[0]
