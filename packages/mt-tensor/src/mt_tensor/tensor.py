"""The tensor: strided data on a backend, with a history for gradients.

Its methods are in `methods/`, by kind; what stands here is how a tensor meets the rest of the
world: numbers, NumPy, other backends, a terminal.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mt_autodiff import GradientError
from mt_tensor.description import describe
from mt_tensor.dtypes import is_dtype
from mt_tensor.errors import DTypeError, ShapeError
from mt_tensor.functions.transfer import Transfer
from mt_tensor.methods.inplace import InPlace
from mt_tensor.methods.statistics import Statistics
from mt_tensor.registry import get_backend

if TYPE_CHECKING:
    from mt_tensor.backend import Backend
    from mt_tensor.dtypes import DType

Array = np.ndarray[Any, Any]


class Tensor(Statistics, InPlace):
    """An array of numbers that knows how it was computed.

    Make one with `tensor`, `zeros`, `rand` and the like.

    >>> from mt_tensor import tensor
    >>> x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad.tolist()
    [[2.0, 4.0], [6.0, 8.0]]
    """

    __slots__ = ()

    __array_priority__ = 1000
    """NumPy, on the left of an operator, leaves the operation to the tensor on its right."""

    def numpy(self) -> Array:
        """Return the elements as an array, which shares the storage where the backend's is memory.

        Raises:
            GradientError: gradients flow through it; a change of the array would go unseen.
        """
        self._check_constant("numpy")
        return self.backend.to_array(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:  # noqa: FBT001
        """Be an array to NumPy."""
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(self, **options: Any) -> Any:
        """Hand the storage to another library without a copy; see the DLPack protocol.

        Raises:
            GradientError: gradients flow through it.
        """
        return self._exported().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Name the device for the DLPack protocol."""
        return self._exported().__dlpack_device__()  # type: ignore[no-any-return]

    def _exported(self) -> Any:
        self._check_constant("__dlpack__")
        return self.backend.exported(self.data)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle, or deep-copy, the elements with dtype, backend and whether it is a leaf.

        Raises:
            GradientError: it is a non-leaf, whose graph cannot be taken along.
        """
        if self.history is not None and not self.is_leaf():
            message = "pickle, deepcopy: a result of a function holds its graph; detach() it first"
            raise GradientError(message)
        array = np.array(self.backend.to_array(self.data))
        return _restored, (type(self), array, self.backend.name, self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy the elements, and the gradient, as PyTorch does; a pickle has no gradient.

        Raises:
            GradientError: as `__reduce__`.
        """
        restore, arguments = self.__reduce__()
        copied: Self = restore(*arguments)
        memo[id(self)] = copied
        copied.grad = deepcopy(self.grad, memo)
        return copied

    def describe(self) -> str:
        """Draw the layout: strides, values beside their positions in storage, the storage."""
        return describe(self)

    def item(self) -> float:
        """Return the one element as a Python number.

        Raises:
            ShapeError: there is not exactly one.
        """
        if self.size != 1:
            message = f"item: a tensor of shape {self.shape} has {self.size} elements, not 1"
            raise ShapeError(message)
        return self.backend.to_array(self.data).item()  # type: ignore[no-any-return]

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self.backend.to_array(self.data).tolist()

    def __bool__(self) -> bool:
        """Return whether the one element is not 0.

        Raises:
            ShapeError: there is not exactly one.
        """
        if self.size != 1:
            message = (
                f"bool: a tensor of shape {self.shape} has {self.size} elements and no one truth "
                "value; use .all() or .any()"
            )
            raise ShapeError(message)
        return bool(self.item())

    def __float__(self) -> float:
        """Return the one element."""
        return float(self.item())

    def __int__(self) -> int:
        """Return the one element, rounded towards 0."""
        return int(self.item())

    def __iter__(self) -> Iterator[Self]:
        """Yield the parts along the first dimension."""
        return (self[i] for i in range(len(self)))

    def to(self, target: "str | Backend | DType | type") -> Self:
        """Return it in another dtype or on another backend; itself if it is there already.

        Args:
            target: a dtype or its name, or a backend or its name. Gradients flow back.

        Raises:
            DTypeError: it is neither.
            BackendError: the backend is missing or cannot be used here.
        """
        if isinstance(target, np.dtype | type) or (isinstance(target, str) and is_dtype(target)):
            return self._astype(target)
        backend = get_backend(target) if isinstance(target, str) else target
        if backend is self.backend:
            return self
        if not hasattr(backend, "from_array"):
            message = f"to: {target!r} is neither a dtype nor a backend"
            raise DTypeError(message)
        return Transfer.apply(self, backend=backend)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        """Show it as NumPy does, with its dtype, backend and the function that made it."""
        elements = np.array2string(
            self.backend.to_array(self.data), separator=", ", prefix="tensor("
        )
        facts = [elements, f"dtype={self.dtype}", f"backend={self.backend.name!r}"]
        if self.history is not None:
            made_by = self.history.last_fn
            facts.append("requires_grad=True" if made_by is None else f"grad_fn={made_by.__name__}")
        return f"tensor({', '.join(facts)})"

    def _check_constant(self, name: str) -> None:
        if self.requires_grad:
            message = f"{name}: this tensor requires a gradient; use detach() first"
            raise GradientError(message)


def _restored(kind: type[Tensor], array: Array, backend: str, requires_grad: bool) -> Tensor:  # noqa: FBT001
    home = get_backend(backend)
    made = kind(home.from_array(array), home)
    return made.requires_grad_() if requires_grad else made
