"""Which backends there are, and which one new tensors use.

A backend is found by the entry-point group `mt_tensor.backends`: its distribution names a
`BackendSpec`, and nothing is imported before the backend is used or asked for its status. The
default is `MT_BACKEND` from the environment, else `fast` where it is installed, else `simple`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from mt_tensor.errors import BackendError

if TYPE_CHECKING:
    from mt_tensor.backend import Backend

GROUP = "mt_tensor.backends"
INSTALL = {"fast": "pip install 'mt-tensor[fast]'", "cuda": "pip install 'mt-tensor[cuda]'"}


@dataclass(frozen=True)
class BackendStatus:
    """Whether a backend can be used here.

    Attributes:
        ready: whether it can.
        detail: what it runs on.
        needs: what is missing, or `""`.
    """

    ready: bool
    detail: str
    needs: str

    def __repr__(self) -> str:
        """Show it as a sentence."""
        state = "ready" if self.ready else "not ready"
        return "; ".join(part for part in (f"{state}: {self.detail}", self.needs) if part)


@dataclass(frozen=True)
class BackendSpec:
    """What an entry point of the group names.

    Attributes:
        factory: makes the backend; called once, on first use. What is slow to import belongs here.
        status: tells whether it can be used; quick, and imports no compiler.
    """

    factory: Callable[[], "Backend"]
    status: Callable[[], BackendStatus]


def backends() -> dict[str, BackendStatus]:
    """List every backend by name, installed or known, with its status and what it needs.

    >>> backends()["simple"]
    ready: plain Python loops
    """
    found = {name: _status(name) for name in _installed()}
    missing = {
        name: BackendStatus(ready=False, detail="not installed", needs=command)
        for name, command in INSTALL.items()
        if name not in found
    }
    return found | missing


@cache
def get_backend(name: str) -> "Backend":
    """Return the backend of this name, made on first use.

    Raises:
        BackendError: there is none, or it cannot be used here.
    """
    if name not in _installed():
        hint = f"; try: {INSTALL[name]}" if name in INSTALL else ""
        message = f"no backend {name!r}; installed: {', '.join(_installed())}{hint}"
        raise BackendError(message)
    status = _status(name)
    if not status.ready:
        message = f"backend {name!r} is {status!r}"
        raise BackendError(message)
    return _load(name).factory()


def default_backend() -> "Backend":
    """Return the backend of new tensors."""
    return chosen[-1] if chosen else _first_choice()


def set_default_backend(backend: "str | Backend | None") -> None:
    """Make this the backend of new tensors; None goes back to the choice at start.

    Raises:
        BackendError: there is no backend of this name.
    """
    found = get_backend(backend) if isinstance(backend, str) else backend
    chosen.clear()
    if found is not None:
        chosen.append(found)


chosen: list["Backend"] = []
"""The backend of new tensors, if it was set."""


@cache
def _first_choice() -> "Backend":
    name = os.environ.get("MT_BACKEND") or ("fast" if "fast" in _installed() else "simple")
    return get_backend(name)


@cache
def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in sorted(entry_points(group=GROUP))}


def _status(name: str) -> BackendStatus:
    """Ask a backend for its status; one that does not even load is not ready, and says why."""
    try:
        return _load(name).status()
    except Exception as error:  # noqa: BLE001  whatever a foreign distribution raises
        problem = f"{type(error).__name__}: {error}"
        return BackendStatus(ready=False, detail="cannot be loaded", needs=problem)


def _load(name: str) -> BackendSpec:
    return _installed()[name].load()  # type: ignore[no-any-return]
