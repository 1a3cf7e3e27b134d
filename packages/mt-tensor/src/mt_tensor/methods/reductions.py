"""Folding a tensor along dimensions, under MiniTorch's rule that the dimension stays.

`rand((3, 4, 5)).mean(1)` has shape (3, 1, 5), so that it broadcasts against its input without a
further word; `keepdim=False` drops the dimension. Over all dimensions the result has shape (1,).
"""

from typing import Self

import numpy as np

from mt_operators import Op, eq, maximum, minimum, ne, op, zero
from mt_tensor.errors import ShapeError
from mt_tensor.functions.reduction import (
    CumSum,
    Dims,
    Extremum,
    Folding,
    Prod,
    folding,
    known_folding,
    mean,
    total,
)
from mt_tensor.layout import normalize_axis
from mt_tensor.methods.elementary import Elementary


class Reductions(Elementary):
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
        return self._total("sum", dim, keepdim)

    def mean(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Average over `dim`; nan over no elements. Arguments and shape as in `sum`."""
        return mean(self._floating(), self._folding("mean", dim, keepdim))

    def prod(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Multiply over `dim`. Arguments and shape as in `sum`."""
        how = self._folding("prod", dim, keepdim)
        folded: Self = Prod.apply(self._floating(), axes=how.axes)
        return folded if how.shape == folded.shape else folded.view(*how.shape)

    def max(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Maximum over `dim`; elements that tie share the gradient, as in `torch.amax`.

        Raises:
            ShapeError: as in `sum`, or there is no element to choose from.
        """
        return self._extremum("max", maximum, dim, keepdim)

    def min(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Minimum over `dim`; elements that tie share the gradient, as in `torch.amin`.

        Raises:
            ShapeError: as in `sum`, or there is no element to choose from.
        """
        return self._extremum("min", minimum, dim, keepdim)

    def all(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Whether all elements differ from 0, as `bool`. Arguments and shape as in `sum`."""
        zeros = self.__apply_op__(eq, self, 0.0)._total("all", dim, keepdim)  # noqa: SLF001  of this class
        return self.__apply_op__(eq, zeros, 0.0)

    def any(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        """Whether any element differs from 0, as `bool`. Arguments and shape as in `sum`."""
        others = self.__apply_op__(ne, self, 0.0)._total("any", dim, keepdim)  # noqa: SLF001  of this class
        return self.__apply_op__(ne, others, 0.0)

    def argmax(self, dim: int | None = None, *, keepdim: bool = True) -> Self:
        """Index of the first maximum along `dim`, as `int64`; nan counts as the largest.

        Args:
            dim: one dimension; None counts through the whole tensor in row-major order.
            keepdim: keep size 1 in its place.

        Raises:
            ShapeError: the dimension is out of range, or has no elements.
        """
        return self._first("argmax", maximum, dim, keepdim)

    def argmin(self, dim: int | None = None, *, keepdim: bool = True) -> Self:
        """Index of the first minimum along `dim`, as `int64`; nan counts as the smallest.

        Arguments, shape and errors as in `argmax`.
        """
        return self._first("argmin", minimum, dim, keepdim)

    def cumsum(self, dim: int) -> Self:
        """Running sums along a dimension.

        Raises:
            ShapeError: the dimension is out of range.
        """
        axis = normalize_axis("cumsum", dim, self.ndim)
        return CumSum.apply(self._floating(), axis=axis)  # type: ignore[no-any-return]

    def _extremum(self, name: str, op: Op, dim: Dims, keepdim: bool) -> Self:  # noqa: FBT001
        how = self._folding(name, dim, keepdim)
        self._check_elements(name, how.axes)
        return Extremum.apply(self._floating(), axes=how.axes, shape=how.shape, op=op)  # type: ignore[no-any-return]

    def _check_elements(self, name: str, axes: tuple[int, ...]) -> None:
        if any(self.shape[d] == 0 for d in axes):
            message = f"{name}: {self.shape} has no elements along dimension(s) {axes}"
            raise ShapeError(message)

    def _first(self, name: str, op: Op, dim: int | None, keepdim: bool) -> Self:  # noqa: FBT001
        """Fold the positions of the elements that attain the extremum to the least of them."""
        a = self.detach()._floating()
        if dim is None:
            flat = a.reshape(-1)._first(name, op, 0, keepdim=True)  # noqa: SLF001  of this class
            return flat if keepdim else flat.view()
        axis = normalize_axis(name, dim, self.ndim)
        best = a._extremum(name, op, axis, keepdim=True)  # noqa: SLF001  of this class
        n = self.shape[axis]
        counted = np.arange(n, dtype=np.float64).reshape(-1, *(1,) * (self.ndim - axis - 1))
        (ordinals,) = a._like((counted,))
        chosen = ordinals.where(attains(a, best), float(n))
        return chosen.min(axis, keepdim=keepdim)._astype("int64")

    def _floating(self) -> Self:
        return self if self.data.storage.dtype.kind == "f" else self._astype(None)

    def _folding(self, name: str, dim: Dims, keepdim: bool) -> Folding:  # noqa: FBT001
        known = known_folding if dim is None or type(dim) is int else folding
        return known(name, self.data.shape, dim, bool(keepdim))

    def _total(self, name: str, dim: Dims, keepdim: bool) -> Self:  # noqa: FBT001
        return total(self._floating(), self._folding(name, dim, keepdim))


@op(zero, zero, predicate=True)
def attains(x: float, extremum: float) -> float:
    """1 where an element is the extremum of its kind; nan is what a fold over nan gives."""
    return 1.0 if x == extremum or x != x else 0.0  # noqa: PLR0124  only nan differs from itself
