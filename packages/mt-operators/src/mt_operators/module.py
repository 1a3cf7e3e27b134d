"""The module tree: a network as an object that knows its parts.

A module is a function with state. Assigning a `Parameter`, a `Buffer` or another `Module` to an
attribute makes it part of the module:

    class Line(Module):
        def __init__(self) -> None:
            self.slope = Parameter(1.0)
            self.offset = Parameter(0.0)

        def forward(self, x: float) -> float:
            return self.slope.value * x + self.offset.value

Choices:

- The attributes *are* the registry: the tree is read off them whenever it is asked for, so it
  cannot disagree with them, and no constructor needs to be called first.
- Replacing a part by another part, or by None, is allowed; None takes it out of the tree. Losing
  one by accident is an error: a plain value over a part, or a part that hides a method.
- A part that two modules share is listed once, under the first of its names, as in PyTorch.
- Containers are not searched: give each part a name (`setattr(self, str(i), layer)` in a loop).
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from mt_operators.parameter import Buffer, Holder, Parameter

H = TypeVar("H", bound=Holder[Any])


class Module:
    """A function with parameters, and with other modules as parts. Subclass it with `forward`.

    Attributes:
        training: whether it is being trained, True at first; dropout, for one, asks.
    """

    training: bool = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result; calling the module calls this."""
        message = f"{type(self).__name__} cannot be called: it defines no forward"
        raise NotImplementedError(message)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result."""
        return self.forward(*args, **kwargs)

    @property
    def mode(self) -> str:
        """`"train"` or `"eval"`."""
        return "train" if self.training else "eval"

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002  PyTorch's signature
        """Put the whole tree into training mode, or out of it, and return the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Put the whole tree into evaluation mode, and return the module."""
        return self.train(mode=False)

    def named_children(self) -> list[tuple[str, "Module"]]:
        """List the modules that are attributes of this one, each once."""
        found: dict[int, tuple[str, Module]] = {}
        for name, part in vars(self).items():
            if isinstance(part, Module):
                found.setdefault(id(part), (name, part))
        return list(found.values())

    def children(self) -> list["Module"]:
        """List the modules that are attributes of this one, without their names."""
        return [child for _, child in self.named_children()]

    def named_modules(self) -> list[tuple[str, "Module"]]:
        """List the whole tree depth first, with dotted names: itself (`""`), then its parts."""
        found: dict[int, tuple[str, Module]] = {}
        _collect("", self, found)
        return list(found.values())

    def modules(self) -> list["Module"]:
        """List the whole tree depth first, itself first, each module once."""
        return [module for _, module in self.named_modules()]

    def named_parameters(self) -> list[tuple[str, Parameter[Any]]]:
        """List the parameters of the whole tree with dotted names, own ones first, each once."""
        return self._held(Parameter)

    def parameters(self) -> list[Parameter[Any]]:
        """List the parameters of the whole tree, own ones first, each once."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self) -> list[tuple[str, Buffer[Any]]]:
        """List the buffers of the whole tree with dotted names, own ones first, each once."""
        return self._held(Buffer)

    def buffers(self) -> list[Buffer[Any]]:
        """List the buffers of the whole tree, own ones first, each once."""
        return [buffer for _, buffer in self.named_buffers()]

    def add_parameter(self, name: str, value: Any) -> Parameter[Any]:
        """Make a parameter under a name that is computed, and return it.

        Args:
            name: of the new attribute; no dots.
            value: what it holds, or a ready `Parameter`.

        Raises:
            ValueError: the module has an attribute of that name, or the name holds a dot.
        """
        if name in vars(self):
            kind = type(vars(self)[name]).__name__
            message = f"{self._path(name)}: there is a {kind} of that name already"
            raise ValueError(message)
        parameter = value if isinstance(value, Parameter) else Parameter(value, name)
        setattr(self, name, parameter)
        return parameter

    def apply(self, fn: Callable[["Module"], object]) -> Self:
        """Call `fn` on every module of the tree, parts before their owner; return the module."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def state(self) -> dict[str, Any]:
        """Return what all parameters and buffers hold, by dotted name."""
        return {name: holder.value for name, holder in self._held(Holder)}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Update all parameters and buffers from such a mapping, or none of them.

        Raises:
            ValueError: names are missing or unexpected, or a value has another shape than the
                one that it would replace.
        """
        holders = dict(self._held(Holder))
        self._check_state(holders, state)
        for name, holder in holders.items():
            holder.update(state[name])

    def extra_repr(self) -> str:
        """Return what `repr` shows between the parentheses, such as the sizes of a layer."""
        return ""

    def __repr__(self) -> str:
        """Show the tree, one line for each module."""
        parts = [f"({name}): {child!r}" for name, child in self.named_children()]
        extra = self.extra_repr()
        if not parts:
            return f"{type(self).__name__}({extra})"
        lines = "\n".join([extra, *parts] if extra else parts).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {lines}\n)"

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; it becomes part of the tree if it is a holder or a module.

        Raises:
            ValueError: a part has a name with a dot or of something in the class, is a parameter
                that this module has already, or contains this module.
            TypeError: a plain value would replace a part.
        """
        before = vars(self).get(name)
        if isinstance(value, (Holder, Module)):
            self._check_part(name, value)
        elif value is not None and isinstance(before, (Holder, Module)):
            kinds = f"a {type(value).__name__} cannot replace a {type(before).__name__}"
            hint = f"; {name}.update(value) would hold it" if isinstance(before, Holder) else ""
            message = f"{self._path(name)}: {kinds}{hint}"
            raise TypeError(message)
        super().__setattr__(name, value)

    # A type checker that saw it would believe every attribute to exist.
    if not TYPE_CHECKING:  # pragma: no branch

        def __getattr__(self, name: str) -> NoReturn:
            """Say which attributes have a similar name.

            Raises:
                AttributeError: always; Python asks here when there is no such attribute.
            """
            if hasattr(type(self), name):  # a property failed: let its own error out
                object.__getattribute__(self, name)
            message = f"{type(self).__name__} has no attribute {name!r}"
            near = [] if name.startswith("__") else get_close_matches(name, dir(self))
            raise AttributeError(message + (f"; near: {', '.join(near)}" if near else ""))

    def _held(self, kind: type[H]) -> list[tuple[str, H]]:
        found: dict[int, tuple[str, H]] = {}
        for path, module in self.named_modules():
            for name, part in vars(module).items():
                if isinstance(part, kind):
                    found.setdefault(id(part), (_join(path, name), part))
        return list(found.values())

    def _path(self, name: str) -> str:
        return f"{type(self).__name__}.{name}"

    def _check_part(self, name: str, part: "Holder[Any] | Module") -> None:
        problem = None
        if "." in name or not name:
            problem = "the name of a part cannot be empty or hold a dot"
        elif getattr(type(self), name, None) is not None:
            problem = "a part cannot take the name of something that the class defines"
        elif isinstance(part, Module) and any(module is self for module in part.modules()):
            problem = f"{type(part).__name__} contains this {type(self).__name__}"
        elif isinstance(part, Holder):
            names = [n for n, other in vars(self).items() if other is part and n != name]
            problem = f"already registered, as {self._path(names[0])}" if names else None
        if problem is not None:
            message = f"{self._path(name)}: {problem}"
            raise ValueError(message)

    def _check_state(self, holders: Mapping[str, Holder[Any]], state: Mapping[str, Any]) -> None:
        problems = [f"missing {name}" for name in holders if name not in state]
        problems += [f"unexpected {name}" for name in state if name not in holders]
        for name in filter(state.__contains__, holders):
            here, there = (getattr(v, "shape", None) for v in (holders[name].value, state[name]))
            if here is not None and there is not None and tuple(here) != tuple(there):
                problems.append(f"{name} is {tuple(here)} here and {tuple(there)} there")
        if problems:
            message = f"{type(self).__name__}.load_state: {'; '.join(problems)}"
            raise ValueError(message)


def _collect(path: str, module: Module, found: dict[int, tuple[str, Module]]) -> None:
    if id(module) not in found:
        found[id(module)] = (path, module)
        for name, child in module.named_children():
            _collect(_join(path, name), child, found)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
