"""Folding a tensor along dimensions, under MiniTorch's rule that the dimension stays.

`rand((3, 4, 5)).mean(1)` has shape (3, 1, 5), so that it broadcasts against its input without a
further word; `keepdim=False` drops the dimension. Over all dimensions the result has shape (1,).
"""

from collections.abc import Sequence
from typing import Self

from mt_autodiff import Function
from mt_tensor.errors import ShapeError
from mt_tensor.functions.reduction import Extremum, Prod, Sum
from mt_tensor.layout import normalize_axes
from mt_tensor.methods.arithmetic import Arithmetic

Dims = int | Sequence[int] | None


class Reductions(Arithmetic):
    """Sum, mean, product, maximum: each over none, one or several dimensions."""

    __slots__ = ()

    def sum(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Sum over `dim`, all dimensions if None.

        Args:
            dim: one dimension or several; None for all.
            keepdim: keep size 1 in place of each; unlike in PyTorch, True is the default.

        Returns:
            Size 1 along `dim`; shape (1,) where `dim` is None.

        Raises:
            ShapeError: a dimension is out of range or named twice.
        """
        return self._fold("sum", Sum, dim, keepdim)

    def mean(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Average over `dim`; nan over no elements. Arguments and shape as in `sum`."""
        axes = normalize_axes("mean", dim, self.ndim)
        count = 1
        for d in axes:
            count *= self.shape[d]
        return self.sum(dim, keepdim=keepdim) / float(count)

    def prod(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Multiply over `dim`. Arguments and shape as in `sum`."""
        return self._fold("prod", Prod, dim, keepdim)

    def max(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Maximum over `dim`; elements that tie share the gradient, as in `torch.amax`.

        Raises:
            ShapeError: as in `sum`, or there is no element to choose from.
        """
        axes = normalize_axes("max", dim, self.ndim)
        if any(self.shape[d] == 0 for d in axes):
            message = f"max: {self.shape} has no elements along dimension(s) {axes}"
            raise ShapeError(message)
        return self._fold("max", Extremum, dim, keepdim)

    def _fold(self, name: str, function: type[Function], dim: Dims, keepdim: bool) -> Self:  # noqa: FBT001
        axes = normalize_axes(name, dim, self.ndim)
        a = self if self.dtype.kind == "f" else self._astype(None)
        folded: Self = function.apply(a, axes=axes)
        if keepdim:
            return folded.view(1) if dim is None else folded
        return folded.view(*(n for d, n in enumerate(self.shape) if d not in axes))
