"""What a replay relies on: everything plain that a step can reach, as it was when it was recorded.

From the function itself the search follows what its code can name: closure cells, globals,
defaults, the object of a method; then attributes, entries of containers, modules and their parts,
tensors. Each place it finds is a guard: the same object, or an equal plain value, must be there
before a replay. The guards of a recording become one compiled expression, because looking at a
hundred places one by one would cost more than a small step.
"""

import dis
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from keyword import iskeyword
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from mt_autodiff import mode
from mt_operators import Op
from mt_tensor import dtypes, registry
from mt_tensor.backend import Backend
from mt_tensor.base import TensorBase
from mt_tensor.capture.live import Place
from mt_tensor.capture.recorder import LIBRARY
from mt_tensor.dtypes import get_default_dtype
from mt_tensor.errors import CaptureError
from mt_tensor.random import Generator
from mt_tensor.registry import default_backend
from mt_tensor.tensor_data import TensorData

LARGE = 256
"""Entries of a container beyond which only their number is watched."""

MOST = 100_000
"""Guards of one step."""

PLAIN = (bool, int, float, str, bytes, type(None), complex, range, slice)
OPAQUE = (
    *(type, Op, Backend, BuiltinFunctionType, CodeType, Generator, ModuleType),
    *(np.dtype, np.generic, np.ndarray, np.random.Generator, TensorData),
)
"""Types whose inside is not looked at: it does not change, or no replay depends on it."""

FOREIGN = sys.stdlib_module_names | {"numpy"}
"""Packages whose objects are left alone."""

OWN = __name__.rpartition(".")[0]
"""The package that records and replays; nothing that is replayed depends on its objects."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What must be where.

    Attributes:
        path: what a user would call it.
        kind: an `attribute`, an `item`, a `global` of a module, a `cell`, a `length`, or a `value`
            that a call returns.
        container: where to look; for a value, a tuple of the containers that it is made of.
        key: the name, index or key there; for a value, what to call.
        expected: what must be there: the same object, or an equal plain value.
    """

    path: str
    kind: str
    container: Any
    key: Any
    expected: Any

    def current(self) -> Any:
        """Return what is there now."""
        if self.kind == "attribute":
            return getattr(self.container, self.key, _NOTHING)
        if self.kind in {"item", "global"}:
            return _item(self.container, self.key)
        if self.kind == "cell":
            return _contents(self.container)
        return len(self.container) if self.kind == "length" else self.key()

    def holds(self) -> bool:
        """Whether it is there."""
        current = self.current()
        if current is self.expected:
            return True
        plain = isinstance(current, PLAIN) and type(current) is type(self.expected)
        return plain and bool(current == self.expected)

    @property
    def term(self) -> str:
        """What holds while it is there, as Python.

        It has `{c}`, `{k}` and `{e}` for container, key and expected value, and may be false where
        a plain value was replaced by an equal one; `holds` knows.
        """
        if self.kind == "attribute":
            plain = self.key.isidentifier() and not iskeyword(self.key)
            return f"{{c}}.{self.key} is {{e}}" if plain else "getattr({c}, {k}) is {e}"
        if self.kind == "global" or (type(self.key) is str and self.key.isidentifier()):
            return f"{{c}}[{self.key!r}] is {{e}}"
        return _TERMS[self.kind]

    def told(self) -> str:
        """Say what has changed."""
        current, before = (_shown(v) for v in (self.current(), self.expected))
        return (
            f"{self.path} was {before} and is {current}"
            if current != before
            else (f"{self.path} is another {current}")
        )


class Watch:
    """The guards of a step.

    Args:
        step: the function.

    Attributes:
        guards: what is watched.
        tensors: the tensors that were found, by what a user would call them.
        loose: the `id` of each container of which a part may change.

    Raises:
        CaptureError: there is too much of it.
    """

    def __init__(self, step: Callable[..., Any]) -> None:
        """Search everything that the step can reach."""
        self.guards: list[Guard] = []
        self.tensors: list[tuple[str, TensorBase]] = []
        self.loose: set[int] = set()
        self._seen: dict[int, Any] = {}
        self._waiting: list[tuple[str, Any]] = [(getattr(step, "__name__", "step"), step)]
        for path, (read, parts) in _AMBIENT.items():
            self._guard(path, "value", parts, read, read())
        self._guard("is_grad_enabled()", "attribute", mode, "recording", mode.recording)
        while self._waiting:
            path, value = self._waiting.pop()
            if not isinstance(value, (*PLAIN, *OPAQUE)) and id(value) not in self._seen:
                self._seen[id(value)] = value
                self._search(path, value)

    def changes(self) -> Iterator[str]:
        """Yield what has changed, in words."""
        return (guard.told() for guard in self.guards if not guard.holds())

    def release(self, places: Sequence[Place]) -> None:
        """Watch these places no more."""
        self.loose |= {id(container) for container, _ in places}
        self.loose |= {id(getattr(container, "__dict__", None)) for container, _ in places}
        freed = {(id(container), key) for container, key in places}
        freed |= {(id(getattr(container, "__dict__", None)), key) for container, key in places}
        self.guards = [g for g in self.guards if (id(g.container), g.key) not in freed]

    def _guard(self, path: str, kind: str, container: Any, key: Any, expected: Any) -> None:
        self.guards.append(Guard(path, kind, container, key, expected))
        if len(self.guards) > MOST:
            message = f"capture: the step reaches more than {MOST} places, such as {path}"
            raise CaptureError(message)

    def _follow(self, path: str, kind: str, container: Any, key: Any, value: Any) -> None:
        self._guard(path, kind, container, key, value)
        self._waiting.append((path, value))

    def _search(self, path: str, value: Any) -> None:
        if isinstance(value, TensorBase):
            self._search_tensor(path, value)
        elif isinstance(value, FunctionType):
            self._search_function(path, value)
        elif isinstance(value, MethodType):
            self._waiting += [(path, value.__func__), (_owner(path), value.__self__)]
        elif isinstance(value, partial):
            self._waiting += [(path, part) for part in (value.func, value.args, value.keywords)]
        elif isinstance(value, (Mapping, list, tuple, set, frozenset)):
            self._search_container(path, value)
        else:
            self._search_object(path, value)

    def _search_tensor(self, path: str, tensor: TensorBase) -> None:
        self.tensors.append((path, tensor))
        for name in ("data", "history"):
            self._guard(f"{path}.{name}", "attribute", tensor, name, getattr(tensor, name))
        self._guard(f"{path}.hooks", "attribute", tensor, "hooks", tensor.hooks)
        if tensor.hooks is not None:
            self._guard(f"{path}.hooks", "length", tensor.hooks, None, len(tensor.hooks))

    def _search_function(self, path: str, function: FunctionType) -> None:
        if function.__module__.partition(".")[0] in LIBRARY | FOREIGN:
            return
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            self._follow(name, "cell", cell, None, _contents(cell))
        for name in _names(function.__code__):
            if name in function.__globals__:
                value = function.__globals__[name]
                self._follow(name, "global", function.__globals__, name, value)
        for part in (function.__defaults__, function.__kwdefaults__):
            self._waiting.append((path, part))

    def _search_container(self, path: str, container: Any) -> None:
        if isinstance(container, tuple):  # it stays what it is; what is in it may not
            self._waiting += [(f"{path}[{i}]", part) for i, part in enumerate(container)]
            return
        self._guard(path, "length", container, None, len(container))
        if len(container) > LARGE or isinstance(container, (set, frozenset)):
            return
        keys = container if isinstance(container, Mapping) else range(len(container))
        for key in keys:
            name = f"{path}[{key!r}]" if isinstance(key, (str, int)) else f"{path}[...]"
            self._follow(name, "item", container, key, container[key])

    def _search_object(self, path: str, value: Any) -> None:
        kind = type(value)
        if kind.__module__.partition(".")[0] in FOREIGN or kind.__module__.startswith(OWN):
            return
        attributes = getattr(value, "__dict__", {})
        if attributes:
            self._guard(path, "length", attributes, None, len(attributes))
        slots = [s for c in kind.__mro__ for s in _slots(c) if hasattr(value, s)]
        shared = ["training"] if hasattr(value, "training") else []
        for name in attributes:  # looked up where they are, at half the cost
            self._follow(f"{path}.{name}", "item", attributes, name, attributes[name])
        for name in [*slots, *(name for name in shared if name not in attributes)]:
            self._follow(f"{path}.{name}", "attribute", value, name, getattr(value, name))
        for base in kind.__mro__:
            for method in vars(base).values():
                if isinstance(method, FunctionType):
                    self._waiting.append((path, method))


def _names(code: CodeType) -> set[str]:
    """Return the globals that code and the functions inside it look up."""
    inner = (_names(c) for c in code.co_consts if isinstance(c, CodeType))
    steps = dis.get_instructions(code)
    return {s.argval for s in steps if s.opname in {"LOAD_GLOBAL", "LOAD_NAME"}}.union(*inner)


def _slots(kind: type) -> list[str]:
    slots = vars(kind).get("__slots__", ())
    listed = [slots] if isinstance(slots, str) else list(slots)
    return [name for name in listed if name not in {"__weakref__", "__dict__"}]


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing is in it yet
        return _NOTHING


def _item(container: Any, key: Any) -> Any:
    try:
        return container[key]
    except LookupError:
        return _NOTHING


def _owner(path: str) -> str:
    return path.rpartition(".")[0] or "self"


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, PLAIN) else f"a {type(value).__name__}"


_TERMS = {
    "item": "{c}[{k}] is {e}",
    "cell": "{c}.cell_contents is {e}",
    "length": "len({c}) == {e}",
    "value": "{k}() is {e}",
}

_NOTHING = object()

_AMBIENT: dict[str, tuple[Callable[[], Any], tuple[Any, ...]]] = {
    "default_backend()": (default_backend, (registry.chosen,)),
    "get_default_dtype()": (get_default_dtype, (vars(dtypes),)),
}
"""What every step depends on, whatever it names: how it is asked for, and where it is kept."""
