"""Writing into a tensor: what an optimiser does, and what a graph must not miss.

A name ends in an underscore where a method changes its tensor. It is refused where gradients are
being recorded through the tensor or through what is written; and if a graph had saved the
elements that are overwritten, its backward says so. Augmented assignment is not in place: `a += b`
means `a = a + b`, which is right under every graph.
"""

from typing import Any, Self

from mt_autodiff import GradientError, mode
from mt_operators import Op, add, div, identity, mul, sub
from mt_tensor.backend import ElementFn
from mt_tensor.errors import ShapeError
from mt_tensor.functions.indexing import select
from mt_tensor.layout import broadcast_shapes, may_overlap
from mt_tensor.methods.indexing import Indexing
from mt_tensor.tensor_data import TensorData


class InPlace(Indexing):
    """`t[key] = value`, and the arithmetic that overwrites."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        """Overwrite a part.

        Raises:
            IndexingError: as in reading.
            ShapeError: the value does not broadcast to the part, or the part has stride 0.
            GradientError: gradients are being recorded through either.
        """
        selection = select(key, self.shape)
        if not selection.arrays:
            self._overwrite("assignment", identity, selection.view(self.data), value)
            return
        positions = selection.positions(self.data)
        _check_apart("assignment", self.data)
        values = self._source("assignment", value, positions.shape)
        self.backend.scatter(self.data, positions, values)

    def add_(self, other: Any) -> Self:
        """Add in place.

        Raises:
            ShapeError: `other` does not broadcast to this shape, or this tensor has stride 0.
            GradientError: gradients are being recorded through either.
        """
        return self._update("add_", add, other)

    def sub_(self, other: Any) -> Self:
        """Subtract in place; raises as `add_`."""
        return self._update("sub_", sub, other)

    def mul_(self, other: Any) -> Self:
        """Multiply in place; raises as `add_`."""
        return self._update("mul_", mul, other)

    def div_(self, other: Any) -> Self:
        """Divide in place; raises as `add_`."""
        return self._update("div_", div, other)

    def copy_(self, other: Any) -> Self:
        """Overwrite with the elements of another, which broadcasts; raises as `add_`."""
        self._overwrite("copy_", identity, self.data, other)
        return self

    def fill_(self, value: float) -> Self:
        """Overwrite with one value; raises as `add_`."""
        return self.copy_(value)

    def zero_(self) -> Self:
        """Overwrite with zeros; raises as `add_`."""
        return self.copy_(0.0)

    def apply_(self, fn: ElementFn, *others: Any) -> Self:
        """Overwrite each element `x` with `fn(x, *others)`, in one pass: an optimiser's step.

        Args:
            fn: an operator or a function of floats that a backend can compile.
            others: tensors or numbers that broadcast to this shape.

        Raises:
            ShapeError: one of them does not broadcast to this shape, or it has stride 0.
            GradientError: gradients are being recorded through any.
        """
        return self._update("apply_", fn, *others)

    def _update(self, name: str, fn: ElementFn, *others: Any) -> Self:
        _check_apart(name, self.data)
        values = [self._source(name, other, self.shape) for other in others]
        if values:
            self.backend.zip(fn, self.data, self.data, *values)
        else:
            self._source(name, 0.0, self.shape)
            self.backend.map(fn, self.data, self.data)
        return self

    def _overwrite(self, name: str, op: Op, part: TensorData, value: Any) -> None:
        _check_apart(name, part)
        values = self._source(name, value, part.shape)
        self.backend.map(op, part, values)

    def _source(self, name: str, value: Any, shape: tuple[int, ...]) -> TensorData:
        """Return what is to be written, stretched to `shape`, and stamp the storage."""
        (source,) = self._admit((self, value))[1:]
        if mode.recording and (self.history is not None or source.history is not None):
            message = (
                f"{name}: writing in place where gradients are recorded would change what the "
                "graph computed; do it under no_grad(), or make a new tensor"
            )
            raise GradientError(message)
        number = isinstance(value, (bool, int, float))
        if not number and broadcast_shapes(name, source.shape, shape) != shape:
            message = f"{name}: {source.shape} does not broadcast to {shape}, which it overwrites"
            raise ShapeError(message)
        self.data.stamp()
        if number:
            return source.data.restrided(shape, (0,) * len(shape))
        overlaps = source.data.storage is self.data.storage
        return (source.clone() if overlaps else source).data.expand(shape)


def _check_apart(name: str, part: TensorData) -> None:
    if may_overlap(part.shape, part.strides):
        message = (
            f"{name}: {part.shape} with strides {part.strides} has several elements in one place "
            "of its storage; write to a clone()"
        )
        raise ShapeError(message)
