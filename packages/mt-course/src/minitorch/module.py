"""Module 0: the module tree as the course has it, over `mt_operators.Module`.

The course's own names for the parts are kept in every instance: `_parameters` and `_modules`, and
`modules()` lists the direct children only.
"""

from typing import Any

import mt_operators


class Parameter(mt_operators.Parameter[Any]):
    """A value that training changes; a named one gives its name to a value that can take it."""

    __slots__ = ()

    def __init__(self, x: Any, name: str | None = None) -> None:
        """Hold `x`, a value of any kind."""
        super().__init__(x, name)

    def update(self, x: Any) -> None:
        """Hold another value from now on, and have it record gradients if it can."""
        super().update(x)
        if self.name and hasattr(x, "requires_grad_"):
            x.name = self.name

    def __repr__(self) -> str:
        """Show the value alone."""
        return repr(self.value)

    def __str__(self) -> str:
        """Show the value alone."""
        return str(self.value)


class Module(mt_operators.Module):
    """A function with parameters, and with other modules as parts.

    Attributes:
        training: whether it is being trained.
        _parameters: its own parameters, by name.
        _modules: the modules that are its parts, by name.
    """

    _parameters: dict[str, Parameter]
    _modules: dict[str, "Module"]

    def __init__(self) -> None:
        """Start without parts."""
        self.__dict__.setdefault("_parameters", {})
        self.__dict__.setdefault("_modules", {})
        self.training = True

    def modules(self) -> list[mt_operators.Module]:
        """List the modules that are direct parts of this one."""
        return self.children()

    def train(self, mode: bool = True) -> "Module":  # noqa: FBT001, FBT002
        """Put the whole tree into training mode, or out of it."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def add_parameter(self, k: str, v: Any) -> Parameter:
        """Make a parameter under a name that is computed, and return it."""
        parameter = Parameter(v, k)
        super().add_parameter(k, parameter)
        return parameter

    def __setattr__(self, key: str, val: Any) -> None:
        """Set an attribute; a parameter or a module becomes part of the tree."""
        super().__setattr__(key, val)
        for kind, parts in ((Parameter, "_parameters"), (mt_operators.Module, "_modules")):
            listed = self.__dict__.setdefault(parts, {})
            listed.pop(key, None)
            if isinstance(val, kind):
                listed[key] = val
