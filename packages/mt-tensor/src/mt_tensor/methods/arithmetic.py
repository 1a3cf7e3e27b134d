"""Python's operators for tensors: arithmetic and comparison with broadcasting, matrix product."""

from typing import Any, Self

import numpy as np

from mt_operators import absolute, add, div, eq, ge, gt, le, lt, mul, ne, neg, power, sub
from mt_tensor.functions.elementwise import binary, elementwise, unary
from mt_tensor.functions.matmul import check_matmul, matmul
from mt_tensor.methods.movement import Movement

Like = Any
"""A tensor, a number, an array or a nested list of numbers."""


class Arithmetic(Movement):
    """`+ - * / ** @`, comparisons, and their reflected forms."""

    __slots__ = ()

    def __add__(self, other: Like) -> Self:
        """Add; a number on either side is a constant."""
        return binary(add, self, other)

    def __radd__(self, other: Like) -> Self:
        """Add, reflected."""
        return elementwise(add, *self._admit((other, self)))

    def __sub__(self, other: Like) -> Self:
        """Subtract."""
        return binary(sub, self, other)

    def __rsub__(self, other: Like) -> Self:
        """Subtract, reflected."""
        return elementwise(sub, *self._admit((other, self)))

    def __mul__(self, other: Like) -> Self:
        """Multiply elementwise."""
        return binary(mul, self, other)

    def __rmul__(self, other: Like) -> Self:
        """Multiply elementwise, reflected."""
        return elementwise(mul, *self._admit((other, self)))

    def __truediv__(self, other: Like) -> Self:
        """Divide; by zero as IEEE 754 has it."""
        return binary(div, self, other)

    def __rtruediv__(self, other: Like) -> Self:
        """Divide, reflected."""
        return elementwise(div, *self._admit((other, self)))

    def __pow__(self, other: Like) -> Self:
        """Raise to a power."""
        return binary(power, self, other)

    def __rpow__(self, other: Like) -> Self:
        """Raise to a power, reflected."""
        return elementwise(power, *self._admit((other, self)))

    def __neg__(self) -> Self:
        """Negate."""
        return unary(neg, self)

    def __pos__(self) -> Self:
        """Return itself."""
        return self

    def __abs__(self) -> Self:
        """Take the absolute value."""
        return unary(absolute, self)

    def __lt__(self, other: Like) -> Self:
        """Compare; like every comparison, gives a tensor of `bool`."""
        return binary(lt, self, other)

    def __le__(self, other: Like) -> Self:
        """Compare."""
        return binary(le, self, other)

    def __gt__(self, other: Like) -> Self:
        """Compare."""
        return binary(gt, self, other)

    def __ge__(self, other: Like) -> Self:
        """Compare."""
        return binary(ge, self, other)

    def __eq__(self, other: object) -> Self:  # type: ignore[override]  # elementwise, as NumPy's
        """Compare elementwise; with something that is not numbers: not equal, as a whole."""
        if other is None or isinstance(other, str):
            return NotImplemented
        return binary(eq, self, other)

    def __ne__(self, other: object) -> Self:  # type: ignore[override]  # elementwise, as NumPy's
        """Compare elementwise, as `==`."""
        if other is None or isinstance(other, str):
            return NotImplemented
        return binary(ne, self, other)

    def __hash__(self) -> int:
        """Identity: a tensor is not equal to another as a whole."""
        return id(self)

    def __matmul__(self, other: Like) -> Self:
        """Matrix product; see `matmul`."""
        return self.matmul(other)

    def __rmatmul__(self, other: Like) -> Self:
        """Matrix product, reflected."""
        (left,) = self._like((_factor(other),))
        return left @ self

    def matmul(self, other: Like) -> Self:
        r"""Matrix product, $c_{bij} = \sum_k a_{bik}\, b_{bkj}$.

        Args:
            other: shape (*B', K, N), or (K,) for a vector.

        Returns:
            For this tensor of (*B, M, K): shape (*broadcast(B, B'), M, N), in $2BMNK$ FLOPs. A
            vector on the left is a row, on the right a column, and its dimension is dropped.

        Raises:
            ShapeError: the two `K` differ, `B` and `B'` do not broadcast, or one is a number.

        Source: `torch.matmul`.
        """
        a, b = self._admit((self, _factor(other)))
        check_matmul(a, b)
        if a.ndim > 1 and b.ndim > 1:
            return matmul(a, b)
        left = a.view(1, -1) if a.ndim == 1 else a
        right = b.view(-1, 1) if b.ndim == 1 else b
        product = matmul(left, right)
        batch = product.shape[:-2]
        rows = product.shape[-2:-1] if a.ndim > 1 else ()
        columns = product.shape[-1:] if b.ndim > 1 else ()
        shape = (*batch, *rows, *columns)
        return product if shape == product.shape else product.view(*shape)


def _factor(other: Like) -> Like:
    """Keep a number a single number: as a constant it would take the other factor's shape."""
    return np.asarray(other) if isinstance(other, (bool, int, float)) else other
