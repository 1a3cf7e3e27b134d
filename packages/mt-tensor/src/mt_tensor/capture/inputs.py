"""The arguments of a step: which steps they belong to, and the places where a replay reads them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mt_operators import identity
from mt_tensor.tensor import Tensor

if TYPE_CHECKING:
    from mt_tensor.backend import Backend
    from mt_tensor.tensor_data import TensorData


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

    @property
    def backend(self) -> "Backend | None":
        """The backend of the first tensor."""
        return next((kind[2] for kind in self.kinds if len(kind) == 3), None)  # noqa: PLR2004


class Places:
    """Tensors that a recorded step reads in place of its arguments.

    Args:
        args: the arguments of the recorded step, keyword arguments last.
    """

    __slots__ = ("_backend", "_tensors", "values")

    def __init__(self, args: tuple[Any, ...]) -> None:
        """Allocate one for each tensor."""
        self._tensors: list[tuple[int, TensorData]] = []
        self._backend: Any = None
        values = list(args)
        for i, value in enumerate(args):
            if isinstance(value, Tensor):
                self._backend = value.backend
                data = value.backend.allocate(value.shape, value.dtype)
                self._tensors.append((i, data))
                values[i] = Tensor(data, value.backend)
        self.values = tuple(values)

    def fill(self, args: tuple[Any, ...]) -> None:
        """Copy the arguments to their places."""
        for i, data in self._tensors:
            self._backend.map(identity, data, args[i].data)


def _problem(tensor: Tensor) -> str | None:
    if type(tensor) is not Tensor:
        return f"an argument is a {type(tensor).__name__}, not a Tensor"
    if tensor.requires_grad:
        return f"an argument of shape {tensor.shape} requires a gradient"
    if not tensor.data.contiguous:
        return f"an argument of shape {tensor.shape} is not contiguous"
    return None
