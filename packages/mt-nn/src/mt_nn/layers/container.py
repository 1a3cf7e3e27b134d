"""Layers that hold layers, and the one that only changes a shape."""

from collections.abc import Iterator
from typing import Any

from mt_operators import Module
from mt_tensor import Tensor


class Sequential(Module):
    """Apply modules one after another; their names are `"0"`, `"1"`, and so on.

    Args:
        modules: in order.

    Raises:
        TypeError: one of them is not a module.

    >>> from mt_nn import Linear, ReLU
    >>> len(Sequential(Linear(2, 3), ReLU(), Linear(3, 1)))
    3
    """

    def __init__(self, *modules: Module) -> None:
        """Keep the modules."""
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                message = f"Sequential: argument {i} is {module!r}, not a Module"
                raise TypeError(message)
            setattr(self, str(i), module)
        self._length = len(modules)

    def forward(self, input: Any) -> Any:
        """Return what the last module makes of what the others made."""
        for module in self:
            input = module(input)
        return input

    def __iter__(self) -> Iterator[Module]:
        """Yield the modules in order."""
        return (getattr(self, str(i)) for i in range(self._length))

    def __len__(self) -> int:
        """Return how many modules there are."""
        return self._length

    def __getitem__(self, index: int) -> Module:
        """Return a module by its place; from the end if negative.

        Raises:
            IndexError: there is none.
        """
        if not -self._length <= index < self._length:
            message = f"Sequential: index {index} is out of range for {self._length} module(s)"
            raise IndexError(message)
        return getattr(self, str(index % self._length))  # type: ignore[no-any-return]


class Flatten(Module):
    """Join dimensions into one, all but the first by default: images become rows.

    Args:
        start_dim: the first to join.
        end_dim: the last to join.

    Source: `torch.nn.Flatten`.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        """Keep the dimensions."""
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C H W), by default."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Show the dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
