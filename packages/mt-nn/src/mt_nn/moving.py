"""Moving a whole network to another backend or dtype."""

from itertools import chain
from typing import Any, TypeVar

from mt_operators import Module
from mt_tensor import Backend, Tensor

M = TypeVar("M", bound=Module)


def move(module: M, target: "str | Backend | Any") -> M:
    """Move every parameter and buffer, and return the module.

    Gradients are forgotten. Make optimisers afterwards: they remember tensors as they were.

    Args:
        module: a network.
        target: a backend, a dtype, or the name of either. A dtype is for the float tensors only.

    Raises:
        BackendError: there is no such backend.
        DTypeError: there is no such dtype.

    >>> from mt_nn import Linear
    >>> move(Linear(2, 1), "float32").weight.value.dtype
    dtype('float32')
    """
    for holder in chain(module.parameters(), module.buffers()):
        if isinstance(holder.value, Tensor):
            holder.update(_moved(holder.value.detach(), target))
    return module


def _moved(value: Tensor, target: Any) -> Tensor:
    there = value.to(target)
    return value if there.dtype != value.dtype and value.dtype.kind != "f" else there
