"""The arguments of a step: which steps they belong to, and the places where a replay reads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy import ndarray

from mt_operators import identity
from mt_tensor.layout import contiguous_strides
from mt_tensor.tensor import Tensor

if TYPE_CHECKING:
    from mt_tensor.backend import Backend

TENSOR = 3
"""Facts about an argument that is a tensor: shape, dtype and backend; a value has two."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What tells the arguments of one recording from those of another.

    Attributes:
        names: of the keyword arguments, which come last.
        kinds: for a tensor its shape, dtype and backend, for anything else itself.
    """

    names: tuple[str, ...]
    kinds: tuple[Any, ...]

    @classmethod
    def of(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> "Inputs | str":
        """Describe arguments; or say why they cannot be those of a replay."""
        kinds: list[tuple[Any, ...]] = []
        for value in (*args, *kwargs.values()):
            if isinstance(value, Tensor):
                problem = _problem(value)
                if problem:
                    return problem
                kinds.append((value.shape, value.dtype, value.backend))
            elif isinstance(value, (bool, int, float, str, type(None))):
                kinds.append((type(value), value))
            else:
                return f"an argument is a {type(value).__name__}, not a tensor or a plain value"
        return cls(tuple(kwargs), tuple(kinds))

    def terms(self) -> Iterator[tuple[str, Any]]:
        """Yield, as Python, what holds for other arguments `a` of this kind.

        A term has `{e}` for the value that comes with it.
        """
        yield "len(a) == {e}", len(self.kinds)
        for i, kind in enumerate(self.kinds):
            if len(kind) == TENSOR:
                shape, dtype, backend = kind
                yield f"type(t := a[{i}]) is {{e}}", Tensor
                yield "t.backend is {e}", backend
                yield "t.history is {e}", None
                yield "(d := t.data).shape == {e}", shape
                yield "d.strides == {e}", contiguous_strides(shape)
                yield "d.storage.dtype is {e}", dtype
            else:
                yield f"(type(a[{i}]), a[{i}]) == {{e}}", kind

    @property
    def backend(self) -> "Backend | None":
        """The backend of the first tensor."""
        return next((kind[2] for kind in self.kinds if len(kind) == TENSOR), None)


class Places:
    """Tensors that a recorded step reads in place of its arguments.

    Args:
        args: the arguments of the recorded step, keyword arguments last.

    Attributes:
        values: the arguments, with a place for each tensor.
        arrays: the storages of the places that NumPy can write to, and which argument goes there.
        plain: whether these are all. NumPy copies a small array in a third of the time that a call
            of a kernel takes, and refuses, by a ValueError, a storage of another length, which has
            more than the argument.
    """

    __slots__ = ("_tensors", "arrays", "plain", "values")

    def __init__(self, args: tuple[Any, ...]) -> None:
        """Allocate one for each tensor."""
        self._tensors: list[tuple[int, Tensor]] = []
        values = list(args)
        for i, value in enumerate(args):
            if isinstance(value, Tensor):
                data = value.backend.allocate(value.shape, value.dtype)
                values[i] = Tensor(data, value.backend)
                self._tensors.append((i, values[i]))
        self.values = tuple(values)
        storages = [(i, place.data.storage) for i, place in self._tensors]
        self.arrays = tuple(pair for pair in storages if type(pair[1]) is ndarray)
        self.plain = len(self.arrays) == len(self._tensors)

    def copy_all(self, args: tuple[Any, ...]) -> None:
        """Copy the arguments, which are contiguous, to their places."""
        for i, place in self._tensors:
            place.backend.map(identity, place.data, args[i].data)


def _problem(tensor: Tensor) -> str | None:
    if type(tensor) is not Tensor:
        return f"an argument is a {type(tensor).__name__}, not a Tensor"
    if tensor.requires_grad:
        return f"an argument of shape {tensor.shape} requires a gradient"
    if not tensor.data.contiguous:
        return f"an argument of shape {tensor.shape} is not contiguous"
    return None
