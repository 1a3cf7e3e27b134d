"""Changing a tensor's layout: views of the same storage, and copies where there is no view."""

from typing import Any, Self

from mt_tensor.base import TensorBase
from mt_tensor.dtypes import DType, as_dtype
from mt_tensor.errors import ShapeError
from mt_tensor.functions.movement import Copy, Expand, permute, view
from mt_tensor.layout import Shape, infer_shape, normalize_axis, normalize_order


class Movement(TensorBase):
    """Permute, view, expand and what follows from them."""

    __slots__ = ()

    def permute(self, *order: int) -> Self:
        """Reorder the dimensions: dimension `d` of the view is this one's `order[d]`.

        Raises:
            ShapeError: `order` does not name each dimension once.
        """
        axes = normalize_order("permute", _flat(order), self.shape)
        return permute(self, axes)

    def transpose(self, dim0: int, dim1: int) -> Self:
        """Exchange two dimensions: a view.

        Raises:
            ShapeError: one is out of range.
        """
        order = list(range(self.ndim))
        i, j = (normalize_axis("transpose", d, self.ndim) for d in (dim0, dim1))
        order[i], order[j] = j, i
        return self.permute(*order)

    @property
    def T(self) -> Self:  # noqa: N802  the field's name
        """The view with all dimensions reversed; of a matrix, its transpose."""
        return self.permute(*reversed(range(self.ndim)))

    def view(self, *shape: int | Shape) -> Self:
        """Read the same storage as another shape of the same size; one size may be -1.

        Raises:
            ShapeError: the sizes differ, or the strides do not allow it (then: `reshape`).
        """
        return view(self, _flat(shape))

    def reshape(self, *shape: int | Shape) -> Self:
        """Return a view of that shape where the strides allow it, else a copy.

        Raises:
            ShapeError: the sizes differ.
        """
        wanted = infer_shape("reshape", self.shape, _flat(shape))
        whole = self if self.data.view(wanted) is not None else self.contiguous()
        return view(whole, wanted)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Self:
        """Join the dimensions from `start_dim` to `end_dim` into one.

        Raises:
            ShapeError: one is out of range, or they are in the wrong order.
        """
        if self.ndim == 0:
            return self.reshape(1)
        first = normalize_axis("flatten", start_dim, self.ndim)
        last = normalize_axis("flatten", end_dim, self.ndim)
        if first > last:
            message = f"flatten: start_dim {start_dim} is after end_dim {end_dim} in {self.shape}"
            raise ShapeError(message)
        joined = 1
        for n in self.shape[first : last + 1]:
            joined *= n
        return self.reshape(*self.shape[:first], joined, *self.shape[last + 1 :])

    def squeeze(self, dim: int | None = None) -> Self:
        """Drop one dimension if its size is 1, or all such dimensions."""
        axis = None if dim is None else normalize_axis("squeeze", dim, self.ndim)
        kept = [n for d, n in enumerate(self.shape) if n != 1 or axis not in (None, d)]
        return self.view(*kept)

    def unsqueeze(self, dim: int) -> Self:
        """Insert a dimension of size 1 before `dim`.

        Raises:
            ShapeError: it is out of range.
        """
        axis = normalize_axis("unsqueeze", dim, self.ndim + 1)
        return self.view(*self.shape[:axis], 1, *self.shape[axis:])

    def expand(self, *shape: int | Shape) -> Self:
        """Stretch dimensions of size 1 to larger ones, by stride 0: a view; -1 keeps a size.

        Raises:
            ShapeError: a dimension that is not 1 would change, or something is no size.
        """
        wanted = _flat(shape)
        lead = len(wanted) - self.ndim
        least = [0 if d < lead else -1 for d in range(len(wanted))]
        if not all(hasattr(n, "__index__") and n >= m for n, m in zip(wanted, least, strict=True)):
            message = f"expand: {wanted} must be sizes, or -1 for a dimension of {self.shape}"
            raise ShapeError(message)
        sizes = tuple(
            self.shape[d - lead] if n == -1 and d >= lead else n for d, n in enumerate(wanted)
        )
        return Expand.apply(self, shape=sizes)  # type: ignore[no-any-return]

    def contiguous(self) -> Self:
        """Return itself if its elements lie in row-major order, else a copy that does."""
        if self.data.contiguous:
            return self
        return Copy.apply(self, dtype=self.dtype)  # type: ignore[no-any-return]

    def clone(self) -> Self:
        """Return a copy with storage of its own, through which gradients flow."""
        return Copy.apply(self, dtype=self.dtype)  # type: ignore[no-any-return]

    def _astype(self, dtype: Any) -> Self:
        wanted: DType = as_dtype(dtype)
        return self if wanted is self.dtype else Copy.apply(self, dtype=wanted)


def _flat(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Accept sizes one by one or as one tuple or list."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        return tuple(sizes[0])
    return sizes
