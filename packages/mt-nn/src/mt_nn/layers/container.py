"""Layers that hold layers, and the one that only changes a shape."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from sys import intern
from typing import Any

from mt_operators import Module
from mt_tensor import ShapeError, Tensor


class ModuleList(Module):
    """Modules in a list, so that they are part of the tree; named `"0"`, `"1"`, and so on.

    Args:
        modules: in order.

    Raises:
        TypeError: one of them is not a module.

    Source: `torch.nn.ModuleList`.
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        """Keep the modules."""
        self._length = 0
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> None:
        """Add a module at the end.

        Raises:
            TypeError: it is not a module.
        """
        _check(self, self._length, module)
        setattr(self, str(self._length), module)
        self._length += 1

    def __iter__(self) -> Iterator[Module]:
        """Yield the modules in order."""
        return map(partial(getattr, self), _names(self._length))

    def __len__(self) -> int:
        """Return how many modules there are."""
        return self._length

    def __getitem__(self, index: int) -> Module:
        """Return a module by its place; from the end if negative.

        Raises:
            IndexError: there is none.
        """
        if not -self._length <= index < self._length:
            name = type(self).__name__
            message = f"{name}: index {index} is out of range for {self._length} module(s)"
            raise IndexError(message)
        return getattr(self, str(index % self._length))  # type: ignore[no-any-return]


class Sequential(ModuleList):
    """Apply modules one after another; their names are `"0"`, `"1"`, and so on.

    Args:
        modules: in order.

    Raises:
        TypeError: one of them is not a module.

    Source: `torch.nn.Sequential`.

    >>> from mt_nn import Linear, ReLU
    >>> len(Sequential(Linear(2, 3), ReLU(), Linear(3, 1)))
    3
    """

    def __init__(self, *modules: Module) -> None:
        """Keep the modules."""
        super().__init__(modules)

    def forward(self, input: Any) -> Any:
        """Return what the last module makes of what the others made."""
        for module in self:
            input = module(input)
        return input


class ModuleDict(Module):
    """Modules by name, so that they are part of the tree.

    Args:
        modules: the modules, in order.

    Raises:
        TypeError: one of them is not a module.
        ValueError: a name is taken by something that the class defines, or holds a dot.

    Source: `torch.nn.ModuleDict`.
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        """Keep the modules."""
        for name, module in (modules or {}).items():
            self[name] = module

    def __setitem__(self, name: str, module: Module) -> None:
        """Add a module, or replace one.

        Raises:
            TypeError: it is not a module.
            ValueError: the name is taken by something that the class defines, or holds a dot.
        """
        _check(self, name, module)
        setattr(self, name, module)

    def __getitem__(self, name: str) -> Module:
        """Return the module of this name.

        Raises:
            KeyError: there is none.
        """
        return dict(self.named_children())[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names in order."""
        return iter(dict(self.named_children()))

    def __len__(self) -> int:
        """Return how many modules there are."""
        return len(self.named_children())


class Residual(Module):
    """Add what a module makes of its input to the input, $x + f(x)$.

    Args:
        module: the module, whose result has the shape of its input.

    Source: He et al., 2016.
    """

    def __init__(self, module: Module) -> None:
        """Keep the module."""
        self.module = module

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape that the module keeps to itself.

        Raises:
            ShapeError: the module does not keep it.
        """
        change: Tensor = self.module(input)
        if change.shape != input.shape:
            message = (
                f"Residual: the module makes {change.shape} of {input.shape}; they must be equal"
            )
            raise ShapeError(message)
        return input + change


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


@lru_cache
def _names(count: int) -> tuple[str, ...]:
    """Return the names of so many modules, as the strings by which Python remembers attributes.

    Looked up by others, and in Python, six modules took 2 us more.
    """
    return tuple([intern(str(i)) for i in range(count)])


def _check(owner: Module, place: int | str, module: object) -> None:
    if not isinstance(module, Module):
        message = f"{type(owner).__name__}: {place!r} is {module!r}, not a Module"
        raise TypeError(message)
