"""What the entry point `mt_tensor.backends` names: how to make the backend, and its status."""

from importlib import import_module
from importlib.metadata import version

from mt_fast.threads import get_num_threads
from mt_tensor.backend import Backend
from mt_tensor.registry import BackendSpec, BackendStatus


def _make() -> Backend:
    return import_module("mt_fast.backend").FastBackend()  # type: ignore[no-any-return]


def _status() -> BackendStatus:
    threads = get_num_threads()
    detail = f"Numba {version('numba')}, {threads} thread{'' if threads == 1 else 's'}"
    return BackendStatus(ready=True, detail=detail, needs="")


SPEC = BackendSpec(factory=_make, status=_status)
"""Numba is imported when the backend is made, on first use."""
