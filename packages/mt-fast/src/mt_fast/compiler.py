"""Compiling a kernel template for one operator, and finding it again on disk.

A template (`mt_fast.kernels`) is bound: rebuilt with the operator and the constants among its
globals, under a name that holds a digest of everything it depends on. Numba keeps compiled
functions by name in `__pycache__` beside the file of the template, or in the user's cache where
that cannot be written; so the same kernel is found by the next process, and a kernel that differs
in anything has another name. What Numba itself checks is less: the time stamp of that one file.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba.core.errors import NumbaError

from mt_fast.threads import share_threads

from mt_tensor.dtypes import DType
from mt_tensor.errors import BackendError
from mt_tensor.lowering import fingerprint

Entry = Callable[..., None]

IEEE = {"nopython": True, "error_model": "numpy"}
"""Division by zero gives an infinity, as in NumPy; no reordering."""

INNER = {**IEEE, "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For a function that only other compiled functions call."""


def inner(function: FunctionType, *, fastmath: bool | set[str] = False) -> Any:
    """Compile a function that kernels call, when it is first used."""
    return numba.jit(**INNER, fastmath=fastmath)(function)


def identify(fn: Any, constants: Mapping[str, Any]) -> str | None:
    """Name the content of a float function and of the constants that go with it, if it can be."""
    try:
        return f"{fingerprint(fn)} {sorted(constants.items())}"
    except BackendError:
        return None


def array_type(dtype: DType) -> Any:
    """Return Numba's type of a storage."""
    return numba.types.Array(numba.from_dtype(dtype), 1, "C")


def bind(template: Callable[..., Any], bindings: Mapping[str, Any], name: str) -> FunctionType:
    """Rebuild a template with more globals, under another name."""
    code = template.__code__.replace(co_name=name, co_qualname=name)
    bound = FunctionType(code, {**template.__globals__, **bindings}, name, template.__defaults__)
    bound.__module__ = template.__module__
    return bound


def compile_kernel(
    template: Callable[..., Any],
    signature: Any,
    bindings: Mapping[str, Any],
    identity: str | None,
    *,
    parallel: bool = False,
) -> Entry:
    """Compile a template now, or load it from disk.

    The result is Numba's entry point of the one signature. It checks no types: the caller must
    pass contiguous storages of the dtypes that the signature names.

    Args:
        template: a function of `mt_fast.kernels`.
        signature: its argument types.
        bindings: the globals that it lacks.
        identity: tells these bindings from all others; None keeps the kernel out of the disk.
        parallel: whether the template holds a `prange`.

    Raises:
        NumbaError: the template cannot be compiled with these bindings.
    """
    name = f"{template.__name__}_{_digest(signature, identity, parallel)}"
    options = {**IEEE, "no_cfunc_wrapper": True, "parallel": parallel}
    dispatcher = numba.jit(**options, cache=identity is not None)(bind(template, bindings, name))
    entry = dispatcher.compile(signature)
    return _launcher(entry) if parallel else entry


def _launcher(entry: Entry) -> Entry:
    def launch(*args: Any) -> None:  # noqa: ANN401
        share_threads()
        entry(*args)

    return launch


def compile_function(
    template: Callable[..., Any], signature: Any, bindings: Mapping[str, Any], identity: str
) -> int:
    """Compile a template as a C function, or load it from disk; return its address."""
    name = f"{template.__name__}_{_digest(signature, identity, parallel=False)}"
    compiled = numba.cfunc(signature, **IEEE, cache=True)(bind(template, bindings, name))
    _functions.append(compiled)
    return compiled.address  # type: ignore[no-any-return]


_functions: list[Any] = []
"""The C functions whose addresses are in use."""


def explain(name: str, error: NumbaError) -> BackendError:
    """Turn a failure to compile an operator into one line for the one who wrote it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = next((line for line in lines if not line.startswith("Failed in")), "unknown reason")
    return BackendError(f"{name}: cannot be compiled for the fast backend: {reason}")


def _digest(signature: Any, identity: str | None, parallel: bool) -> str:  # noqa: FBT001
    text = f"{_source_digest()} {signature} {identity} {parallel}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _source_digest() -> str:
    """Identify this version of the package by its source: kernels call across its files."""
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
