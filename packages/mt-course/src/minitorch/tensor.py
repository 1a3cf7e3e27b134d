"""Module 2: the tensor, `mt_tensor.Tensor` with the course's names and habits.

A full index reads a float; the graph of a backward is kept; and a result that is told to require a
gradient becomes a leaf. Arithmetic is in `tensor_methods`.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

import mt_autodiff
import mt_tensor
from minitorch.tensor_data import TensorData, UserShape, shape_broadcast
from minitorch.tensor_methods import TensorLike, TensorMethods
from minitorch.tensor_ops import SimpleBackend, TensorBackend, TensorOps
from mt_autodiff import LEAF, no_grad
from mt_tensor import float64

__all__ = ["History", "Tensor", "TensorLike"]

History = mt_autodiff.History

_tensor_count = 0
"""A name of the course's; the engine numbers its variables itself."""


class Tensor(TensorMethods):
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

    def item(self) -> float:
        """Read the only element.

        Raises:
            AssertionError: there are several, or none.
        """
        if self.size != 1:
            message = f"item: a tensor of {self.shape} has {self.size} elements, not 1"
            raise AssertionError(message)
        return float(super().item())

    def tuple(self) -> Any:
        """Return storage, shape and strides as a kernel takes them."""
        return self._tensor.tuple()

    def zeros(self, shape: UserShape | None = None) -> "Tensor":
        """Return a constant of zeros on the same backend, of this shape if none is given."""
        wanted = self.shape if shape is None else tuple(shape)
        return self._new(self.backend.full(wanted, 0.0, float64))

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

    def chain_rule(self, d_output: Any) -> Iterable[Any]:
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


def _restored(array: Any, ops: type[TensorOps], requires_grad: bool) -> Tensor:  # noqa: FBT001
    backend = SimpleBackend if ops is SimpleBackend.ops else TensorBackend(ops)
    return Tensor.make(array.reshape(-1), array.shape, backend=backend).requires_grad_(
        requires_grad
    )
