"""Recording: while a step runs, every call that it makes of a backend is written down.

A recorder puts a function of its own over each method of each backend that there is, as an
attribute of the object, so that nothing else slows down and nothing goes unseen. The call itself
goes on as ever. What one method calls of another belongs to it and is not recorded.
"""

import sys
from collections.abc import Callable
from functools import partial
from operator import getitem
from threading import get_ident
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

import numpy as np

from mt_operators import identity
from mt_tensor.backend import Backend
from mt_tensor.base import TensorBase
from mt_tensor.capture.live import Live, Place, active, recorders, resolved
from mt_tensor.capture.tape import Call, Check, Entry
from mt_tensor.errors import CaptureError

if TYPE_CHECKING:
    from mt_tensor.tensor_data import Storage, TensorData

T = TypeVar("T")
Array = np.ndarray[Any, Any]

LIBRARY = frozenset({"mt_operators", "mt_autodiff", "mt_tensor", "mt_fast", "mt_cuda", "mt_nn"})
"""Packages whose lines are not to blame."""

HOST = {
    "from_numpy": "makes a tensor of an array",
    "from_array": "makes a tensor of an array",
    "to_numpy": "reads the elements of a tensor",
    "to_array": "reads the elements of a tensor",
    "exported": "hands a tensor to another library",
}
"""Methods that a replay could not repeat, and what a step does with them."""

COMPOSED = frozenset({"elementwise", "replaced", "fold", "product", "sgd_steps", "adam_steps"})
"""Methods that are recorded as what their defaults are made of."""

ALLOCATING = frozenset({"empty", "allocate"})
SILENT = frozenset({"lowered", "compared"})


class Recorder:
    """Writes down what one step does on one backend.

    Args:
        backend: where the step computes.

    Attributes:
        entries: the tape.
        lives: the values that change from step to step, in the order in which they were made.
        constants: the arrays of numbers that a step makes tensors of, and each step the same.
    """

    def __init__(self, backend: Backend) -> None:
        """Record nothing yet."""
        self.entries: list[Entry] = []
        self.lives: list[Live[Any]] = []
        self.constants: list[Array] = []
        self._backend = backend
        self._thread = get_ident()
        self._depth = 0
        self._items: dict[Place, Live[Any]] = {}
        self._made: dict[int, Storage] = {}
        self._covered: list[tuple[Backend, dict[str, Any]]] = []
        self._register_hook = TensorBase.register_hook

    def __enter__(self) -> Self:
        """Cover the methods of all backends.

        Raises:
            CaptureError: this thread is recording a step already.
        """
        if active.recorder is not None:
            self.refuse("starts a captured step inside another")
        active.recorder = self
        recorders.append(self)
        for backend in list(Backend.instances):
            before = vars(backend).copy()
            covers = {name: self._cover(backend, name) for name in _methods(backend)}
            vars(backend).update(covers)
            self._covered.append((backend, {name: before.get(name) for name in covers}))
        TensorBase.register_hook = self._refuse_hook  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        """Uncover them."""
        active.recorder = None
        recorders.remove(self)
        TensorBase.register_hook = self._register_hook  # type: ignore[method-assign]
        for backend, before in self._covered:
            for name, method in before.items():
                if method is None:
                    del vars(backend)[name]
                else:
                    vars(backend)[name] = method
        self._covered.clear()

    def live(self, compute: Callable[[], T], reads: tuple[Place, ...]) -> Live[T]:
        """Compute a value that each replay computes anew."""
        made = Live(compute, reads)
        self.lives.append(made)
        self.entries.append(made)
        return made

    def item(self, container: Any, key: Any) -> Live[Any]:
        """Read an entry of a container in each replay: once, however often the step does."""
        place = id(container), key
        if place not in self._items:
            self._items[place] = self.live(partial(getitem, container, key), ((container, key),))
        return self._items[place]

    def check(self, check: Callable[..., object], tensors: tuple["TensorBase", ...]) -> None:
        """Look at elements now, and in each replay."""
        entry = Check(check, tuple(t.data for t in tensors), place())
        self._depth += 1
        try:
            entry.run(self._backend)
        finally:
            self._depth -= 1
        self.entries.append(entry)

    def constant(self, backend: Backend, array: Array) -> "TensorData":
        """Make a tensor of an array that is the same in each step; a replay makes it anew."""
        self._check_call(backend, "constant")
        self._depth += 1
        try:
            kept = backend.from_array(array)
            out = backend.allocate(kept.shape, kept.dtype)
            backend.map(identity, out, kept)
        finally:
            self._depth -= 1
        self._made.update({id(data.storage): data.storage for data in (kept, out)})
        self.constants.append(np.array(array))
        self.entries.append(Call("map", (identity, out, kept), {}, place()))
        return out

    def made(self, storage: "Storage") -> bool:
        """Whether the step allocated this storage itself."""
        return id(storage) in self._made

    @property
    def storages(self) -> set[int]:
        """The `id` of each storage that the step allocated itself."""
        return set(self._made)

    def refuse(self, what: str) -> NoReturn:
        """Say what cannot be replayed, and where it happens.

        Raises:
            CaptureError: always.
        """
        message = f"{place()} {what}, which cannot be replayed"
        raise CaptureError(message)

    @property
    def _refuse_hook(self) -> Callable[..., Any]:
        def covered(tensor: TensorBase, hook: Callable[[Any], Any]) -> Callable[[], None]:
            if get_ident() == self._thread:
                self.refuse("registers a hook")
            return self._register_hook(tensor, hook)

        return covered

    def _cover(self, backend: Backend, name: str) -> Callable[..., Any]:
        if name in COMPOSED:
            return partial(getattr(Backend, name), backend)
        method = getattr(backend, name)

        def covered(*args: Any, **kwargs: Any) -> Any:
            if self._depth or get_ident() != self._thread:
                return method(*args, **kwargs)
            self._check_call(backend, name)
            self._depth += 1
            try:
                values = {key: resolved(value) for key, value in kwargs.items()}
                result = method(*map(resolved, args), **values)
            finally:
                self._depth -= 1
            self._note(name, args, kwargs, result)
            return result

        return covered

    def _check_call(self, backend: Backend, name: str) -> None:
        if backend is not self._backend:
            self.refuse(f"computes on {backend.name!r} in a step on {self._backend.name!r}")
        if name in HOST:
            self.refuse(HOST[name])

    def _note(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        if name in SILENT:
            return
        if name in ALLOCATING or name == "full":
            storage = result if name == "empty" else result.storage
            self._made[id(storage)] = storage
            if name == "full":
                value = args[1] if len(args) > 1 else kwargs["value"]
                self.entries.append(Call("fill", (result, value), {}, place()))
        elif result is not None:
            self.refuse(f"uses what the method {name} of {self._backend.name!r} returns")
        else:
            self.entries.append(Call(name, args, kwargs, place()))


def place() -> str:
    """Return the line of the caller outside of the library, as `file:line:`."""
    frame = sys._getframe(1)  # noqa: SLF001  as `warnings` finds whom to blame
    while _of_library(frame.f_globals.get("__name__", "")) and frame.f_back is not None:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}:"


def _of_library(module: str) -> bool:
    return module.partition(".")[0] in LIBRARY


def _methods(backend: Backend) -> list[str]:
    names = [name for name in dir(type(backend)) if not name.startswith("_")]
    return [name for name in names if callable(getattr(type(backend), name, None))]
