"""Module 2: the tensor, `mt_tensor.Tensor` with the course's names and habits.

A full index reads a float; arithmetic goes through the functions of the `TensorBackend`, so that a
learner's kernels are what runs; a tensor on another backend comes over; the graph of a backward is
kept; and a result that is told to require a gradient becomes a leaf.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

import mt_autodiff
import mt_tensor
from minitorch import functions as fn
from minitorch.tensor_data import TensorData, UserShape, shape_broadcast
from minitorch.tensor_ops import SimpleBackend, TensorBackend, TensorOps
from mt_autodiff import LEAF, no_grad
from mt_tensor import float64

TensorLike = Any
History = mt_autodiff.History

HOSTS = ("simple", "fast")
"""The engines whose storage is an array of NumPy's, which they can share."""

_tensor_count = 0
"""A name of the course's; the engine numbers its variables itself."""


class Tensor(mt_tensor.Tensor):
    """An array of numbers that knows how it was computed.

    Args:
        v: the elements and their layout.
        back: how it was computed; None for a constant.
        name: what drawings call it; its serial number if not given.
        backend: where it lives, and what computes with it.

    Attributes:
        backend, f: the backend.
        history: how it was computed.
        grad: of what `backward` was called on, by this leaf; None before.
    """

    backend: Any

    def __init__(
        self,
        v: TensorData | mt_tensor.TensorData,
        back: History | None = None,
        name: str | None = None,
        backend: TensorBackend | None = None,
    ) -> None:
        """Wrap data that lives on the backend."""
        home: Any = SimpleBackend if backend is None else backend
        super().__init__(v.data if isinstance(v, TensorData) else v, home, back)
        self.given_name = name

    @staticmethod
    def make(
        storage: Any,
        shape: UserShape,
        strides: UserShape | None = None,
        backend: TensorBackend | None = None,
    ) -> "Tensor":
        """Make a constant of a storage, in the host's memory.

        Raises:
            AssertionError: the storage has another size than the shape.
        """
        data = TensorData(storage, shape, strides)
        made = Tensor(data)
        made._type_(SimpleBackend if backend is None else backend)
        return made

    @property
    def _tensor(self) -> TensorData:
        return TensorData.over(self.data)

    @property
    def f(self) -> Any:
        """The backend, whose functions compute."""
        return self.backend

    @property
    def name(self) -> str:
        """The name it was given, else its serial number."""
        return self.given_name or str(self.unique_id)

    @name.setter
    def name(self, name: str) -> None:
        self.given_name = name

    @property
    def dims(self) -> int:
        """How many dimensions there are."""
        return self.ndim

    @property
    def derivative(self) -> "Tensor | None":
        """The gradient, by the name that a scalar has for it."""
        return self.grad

    def requires_grad_(self, x: bool = True) -> "Tensor":  # noqa: FBT001, FBT002
        """Make it a leaf that keeps its gradient, whatever it was; with False a constant."""
        self.history = LEAF if x else None
        return self

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """Return the elements as an array of their own."""
        return np.array(self.backend.to_array(self.data), order="C")

    def tuple(self) -> Any:
        """Return storage, shape and strides as a kernel takes them."""
        return self._tensor.tuple()

    def zeros(self, shape: UserShape | None = None) -> "Tensor":
        """Return a constant of zeros on the same backend, of this shape if none is given."""
        wanted = self.shape if shape is None else tuple(shape)
        return self._new(self.backend.full(wanted, 0.0, float64))

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
            return super().all(dim, keepdim=keepdim)
        return self._folded(fn.All, dim)

    def sum(self, dim: Any = None, *, keepdim: bool = True) -> "Tensor":
        """Sum over a dimension, which stays with size 1; over all, to shape (1,)."""
        if not keepdim or not (dim is None or isinstance(dim, int)):
            return super().sum(dim, keepdim=keepdim)
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

    def expand(self, *other: Any) -> "Tensor":
        """Bring another tensor to this one's shape: stretch it, then sum what was broadcast.

        With sizes instead of a tensor: stretch this one, as `mt_tensor.Tensor.expand`.
        """
        if not isinstance(other[0], Tensor):
            return super().expand(*other)
        (grad,) = other
        shape = tuple(shape_broadcast(self.shape, grad.shape))
        return super()._fit(grad._new(grad.data.expand(shape)))

    def __getitem__(self, key: Any) -> Any:
        """Read an element as a float; with slices and the like, a part as `mt_tensor` does.

        Raises:
            IndexingError: the index has too few or too many parts, or one is out of range.
        """
        index = _full_index(key)
        if index is None:
            return super().__getitem__(key)
        self._tensor.index(index)
        return float(self.backend.to_array(self.data)[index[: self.ndim]])

    def __setitem__(self, key: Any, val: Any) -> None:
        """Write an element; with slices and the like, a part.

        Raises:
            IndexingError: as in reading.
        """
        index = _full_index(key)
        if index is not None:
            self._tensor.index(index)
        with no_grad():
            super().__setitem__(key if index is None else index[: self.ndim], val)

    def backward(self, grad_output: "Tensor | None" = None, *, retain_graph: bool = True) -> None:
        """Add to the gradient of each leaf that of this tensor by it.

        Raises:
            AssertionError: there are several elements and no `grad_output`.
            GradientError: this tensor is a constant.
        """
        if grad_output is None and self.size != 1:
            message = f"backward: a tensor of {self.shape} needs a grad_output; or sum() it first"
            raise AssertionError(message)
        grad = None if grad_output is None else self._ensure_tensor(grad_output)
        super().backward(grad, retain_graph=retain_graph)

    def chain_rule(self, d_output: Any) -> Iterator[Any]:
        """Yield each input that is no constant, with the gradient by it, given this one's."""
        return super().chain_rule(d_output)

    def accumulate_derivative(self, x: Any) -> None:
        """Add to the gradient of a leaf.

        Raises:
            AssertionError: this is not a leaf.
        """
        if not self.is_leaf():
            message = f"accumulate_derivative: a tensor of {self.shape} that is not a leaf"
            raise AssertionError(message)
        self._accumulate(self._fit(x))

    def __reduce__(self) -> Any:
        """Pickle, or deep-copy, the elements with the operations of the backend.

        Raises:
            GradientError: it is a non-leaf, whose graph cannot be taken along.
        """
        super().__reduce__()
        return _restored, (self.to_numpy(), self.backend.ops, self.requires_grad)

    def __repr__(self) -> str:
        """Show the elements."""
        return TensorData(self.to_numpy().reshape(-1), self.shape).to_string()

    def _folded(self, function: type[fn.Function], dim: int | None) -> "Tensor":
        if dim is None:
            return function.apply(self.contiguous().view(self.size), self._ensure_tensor(0))
        return function.apply(self, self._ensure_tensor(dim))

    def _ensure_tensor(self, b: TensorLike) -> "Tensor":
        """Return a tensor on this backend; another tensor is moved to it."""
        if isinstance(b, Tensor):
            b._type_(self.backend)
            return b
        numbers = np.array(b, np.float64)
        return self._new(self.backend.from_array(numbers.reshape(numbers.shape or (1,))))

    def _type_(self, backend: TensorBackend) -> None:
        """Move to another backend, in place."""
        if backend is self.backend:
            return
        here, there = self.backend.engine, backend.engine
        if here is not there and not (here.name in HOSTS and there.name in HOSTS):
            self.data = there.from_array(here.to_array(self.data))
        self.backend = backend

    def _new(self, tensor_data: TensorData | mt_tensor.TensorData) -> "Tensor":
        return Tensor(tensor_data, backend=self.backend)

    def _fit(self, grad: Any) -> "Tensor":
        return self.expand(self._ensure_tensor(grad))

    @classmethod
    def _admit(cls, inputs: Any) -> Any:
        home = next(x for x in inputs if isinstance(x, Tensor))
        for x in inputs:
            if isinstance(x, Tensor):
                x._type_(home.backend)
        return home._like(inputs)

    @classmethod
    def _result(cls, value: Any, history: History | None, name: str) -> "Tensor":  # noqa: ARG003
        out: Tensor = value._new(value.data)
        out.history = history
        return out


def _full_index(key: Any) -> Any:
    """Return a key of integers alone as a tuple, else None."""
    index = key if isinstance(key, tuple | list) else (key,)
    return tuple(index) if all(isinstance(i, int | np.integer) for i in index) else None


def _flat(sizes: Any) -> Any:
    """Accept sizes one by one or as one tuple or list."""
    return sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes


def _restored(array: Any, ops: type[TensorOps], requires_grad: bool) -> Tensor:  # noqa: FBT001
    backend = SimpleBackend if ops is SimpleBackend.ops else TensorBackend(ops)
    return Tensor.make(array.reshape(-1), array.shape, backend=backend).requires_grad_(
        requires_grad
    )
