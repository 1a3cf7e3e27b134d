"""The entry point: what `mt_tensor` calls to learn of this backend and to make it."""

from importlib import import_module
from typing import TYPE_CHECKING

from mt_cuda.status import status
from mt_tensor.registry import BackendSpec

if TYPE_CHECKING:
    from mt_tensor.backend import Backend


def make_backend() -> "Backend":
    """Import Numba and make the backend, which takes seconds: not before it is used."""
    backend: Backend = import_module("mt_cuda.backend").CudaBackend()
    return backend


SPEC = BackendSpec(factory=make_backend, status=status)
