"""The parallel CPU backend, compiled by Numba: MiniTorch, lesson 3."""

from importlib import import_module
from importlib.metadata import version

from mt_tensor.backend import Backend
from mt_tensor.registry import BackendSpec, BackendStatus


def _make() -> Backend:
    return import_module("mt_fast.backend").FastBackend()  # type: ignore[no-any-return]


def _status() -> BackendStatus:
    return BackendStatus(ready=True, detail=f"Numba {version('numba')}", needs="")


SPEC = BackendSpec(factory=_make, status=_status)
"""What the entry point `mt_tensor.backends` names; Numba is imported on first use."""
