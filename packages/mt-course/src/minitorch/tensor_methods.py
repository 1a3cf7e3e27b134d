"""Module 2: the arithmetic of a tensor, by the functions of the `TensorBackend` that it lives on.

So a learner's kernels are what runs. A tensor that lives on another backend comes over.
"""

from typing import TYPE_CHECKING, Any, cast

import numpy as np

import mt_tensor
from minitorch import functions as fn
from minitorch.tensor_ops import TensorBackend

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

TensorLike = Any

HOSTS = ("simple", "fast")
"""The engines whose storage is an array of NumPy's, which they can share."""


class TensorMethods(mt_tensor.Tensor):
    """A tensor whose operators and methods go through `minitorch.functions`.

    Attributes:
        backend: the `TensorBackend` on which it lives.
    """

    backend: Any

    def __add__(self, b: TensorLike) -> "Tensor":
        """Add."""
        return fn.Add.apply(self, self._ensure_tensor(b))

    def __radd__(self, b: TensorLike) -> "Tensor":
        """Add, reflected."""
        return fn.Add.apply(self._ensure_tensor(b), self)

    def __sub__(self, b: TensorLike) -> "Tensor":
        """Subtract."""
        return fn.Add.apply(self, -self._ensure_tensor(b))

    def __rsub__(self, b: TensorLike) -> "Tensor":
        """Subtract, reflected."""
        return fn.Add.apply(self._ensure_tensor(b), -self)

    def __mul__(self, b: TensorLike) -> "Tensor":
        """Multiply."""
        return fn.Mul.apply(self, self._ensure_tensor(b))

    def __rmul__(self, b: TensorLike) -> "Tensor":
        """Multiply, reflected."""
        return fn.Mul.apply(self._ensure_tensor(b), self)

    def __truediv__(self, b: TensorLike) -> "Tensor":
        """Divide."""
        return fn.Mul.apply(self, fn.Inv.apply(self._ensure_tensor(b)))

    def __rtruediv__(self, b: TensorLike) -> "Tensor":
        """Divide, reflected."""
        return fn.Mul.apply(self._ensure_tensor(b), fn.Inv.apply(self))

    def __matmul__(self, b: TensorLike) -> "Tensor":
        """Multiply matrices, batch by batch."""
        return fn.MatMul.apply(self, self._ensure_tensor(b))

    def __neg__(self) -> "Tensor":
        """Negate."""
        return fn.Neg.apply(self)

    def __lt__(self, b: TensorLike) -> "Tensor":
        """Compare: 1.0 or 0.0 for each element."""
        return fn.LT.apply(self, self._ensure_tensor(b))

    def __gt__(self, b: TensorLike) -> "Tensor":
        """Compare: 1.0 or 0.0 for each element."""
        return fn.LT.apply(self._ensure_tensor(b), self)

    def __eq__(self, b: TensorLike) -> "Tensor":  # type: ignore[override]
        """Compare: 1.0 or 0.0 for each element."""
        return fn.EQ.apply(self, self._ensure_tensor(b))

    __hash__ = mt_tensor.Tensor.__hash__

    def is_close(self, y: "Tensor") -> "Tensor":
        """Compare to a hundredth: 1.0 or 0.0 for each element."""
        return fn.IsClose.apply(self, self._ensure_tensor(y))

    def sigmoid(self) -> "Tensor":
        r"""$1 / (1 + e^{-x})$."""
        return fn.Sigmoid.apply(self)

    def relu(self) -> "Tensor":
        r"""$\max(x, 0)$."""
        return fn.ReLU.apply(self)

    def log(self) -> "Tensor":
        r"""$\ln(x + 10^{-6})$."""
        return fn.Log.apply(self)

    def exp(self) -> "Tensor":
        """$e^x$."""
        return fn.Exp.apply(self)

    def all(self, dim: Any = None, *, keepdim: bool = True) -> "Tensor":
        """Multiply along a dimension, or all: 1.0 where a tensor of 1.0 and 0.0 holds no 0.0."""
        if not keepdim or not (dim is None or isinstance(dim, int)):
            return cast("Tensor", super().all(dim, keepdim=keepdim))
        return self._folded(fn.All, dim)

    def sum(self, dim: Any = None, *, keepdim: bool = True) -> "Tensor":
        """Sum over a dimension, which stays with size 1; over all, to shape (1,)."""
        if not keepdim or not (dim is None or isinstance(dim, int)):
            return cast("Tensor", super().sum(dim, keepdim=keepdim))
        return self._folded(fn.Sum, dim)

    def permute(self, *order: Any) -> "Tensor":
        """Reorder the dimensions: dimension `d` of the view is this one's `order[d]`.

        Raises:
            AssertionError: `order` does not name each dimension once.
        """
        return fn.Permute.apply(self, self._ensure_tensor(_flat(order)))

    def view(self, *shape: Any) -> "Tensor":
        """Read the same storage as another shape.

        Raises:
            AssertionError: this tensor is not contiguous.
            ShapeError: the sizes differ.
        """
        return fn.View.apply(self, self._ensure_tensor(_flat(shape)))

    def contiguous(self) -> "Tensor":
        """Return a copy in row-major order."""
        return fn.Copy.apply(self)

    def _folded(self, function: type[fn.Function], dim: int | None) -> "Tensor":
        if dim is None:
            return function.apply(self.contiguous().view(self.size), self._ensure_tensor(0))
        return function.apply(self, self._ensure_tensor(dim))

    def _ensure_tensor(self, b: TensorLike) -> "Tensor":
        """Return a tensor on this backend; another tensor is moved to it."""
        if isinstance(b, TensorMethods):
            b._type_(self.backend)
            return cast("Tensor", b)
        numbers = np.array(b, np.float64)
        made = self._new(self.backend.from_array(numbers.reshape(numbers.shape or (1,))))
        return cast("Tensor", made)

    def _type_(self, backend: TensorBackend) -> None:
        """Move to another backend, in place."""
        if backend is self.backend:
            return
        here, there = self.backend.engine, backend.engine
        if here is not there and not (here.name in HOSTS and there.name in HOSTS):
            self.data = there.from_array(here.to_array(self.data))
        self.backend = backend


def _flat(sizes: Any) -> Any:
    """Accept sizes one by one or as one tuple or list."""
    return sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes
