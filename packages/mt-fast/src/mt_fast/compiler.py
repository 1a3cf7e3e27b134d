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
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import config
from numba.np.numpy_support import as_dtype

from mt_fast.kernels.calling import SIGNATURE
from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_operators import Op
from mt_tensor.backend import ElementFn
from mt_tensor.dtypes import DType
from mt_tensor.errors import BackendError
from mt_tensor.lowering import fingerprint

Template = Callable[..., Any]
Entry = Callable[..., None]

IEEE = {"nopython": True, "error_model": "numpy"}
"""Division by zero gives an infinity, as in NumPy; no reordering."""

INNER = {**IEEE, "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For a function that only other compiled functions call."""


FLAGS = ("BOUNDSCHECK", "DEBUGINFO_DEFAULT", "LOOP_VECTORIZE", "OPT", "SLP_VECTORIZE")
"""Settings of Numba that change the code of a kernel, read from the environment."""


class Kernel(NamedTuple):
    """A compiled kernel.

    Attributes:
        address: of the C function; `mt_fast.kernels.calling` says how it is called.
        owner: keeps the code in memory.
    """

    address: int
    owner: Any


def inner(function: Template, *, fastmath: bool | set[str] = False) -> Any:
    """Compile a function that kernels call, when it is first used."""
    return numba.jit(**INNER, fastmath=fastmath)(function)


def bind(template: Template, bindings: Mapping[str, Any], name: str) -> FunctionType:
    """Rebuild a template with more globals, under another name."""
    if INTERPRETED:
        bindings = {key: _in_python(value) for key, value in bindings.items()}
    code = template.__code__.replace(co_name=name, co_qualname=name)
    bound = FunctionType(code, {**template.__globals__, **bindings}, name, template.__defaults__)
    bound.__module__ = template.__module__
    return bound


def _in_python(value: Any) -> Any:
    """Return NumPy's class of numbers for Numba's type."""
    return as_dtype(value).type if isinstance(value, numba.types.Number) else value


def bind_helpers(bindings: dict[str, Any], *helpers: Template) -> dict[str, Any]:
    """Add the functions that a template calls, each bound to those before it."""
    for helper in helpers:
        bindings[helper.__name__] = inner(bind(helper, bindings, helper.__name__))
    return bindings


def compile_kernel(
    template: Template,
    bindings: Mapping[str, Any],
    identity: str | None,
    signature: Any = SIGNATURE,
) -> Kernel:
    """Compile a kernel now, or load it from disk.

    Args:
        template: a function of `mt_fast.kernels`.
        bindings: the globals that it lacks.
        identity: tells these bindings from all others; None keeps the kernel out of the disk.
        signature: of the C function.

    Raises:
        Exception: the template cannot be compiled with these bindings.
    """
    function = bind(template, bindings, f"{template.__name__}_{_digest(identity)}")
    if INTERPRETED:
        return Kernel(id(function), function)
    compiled = numba.cfunc(signature, **IEEE, cache=identity is not None)(function)
    return Kernel(compiled.address, compiled)


def compile_entry(template: Template, signature: Any, *, parallel: bool = False) -> Entry:
    """Compile a function that Python calls, or load it from disk.

    It is Numba's entry point of one signature, which checks no types: the caller must pass
    contiguous arrays of the dtypes that the signature names.
    """
    function = bind(template, {}, f"{template.__name__}_{_digest(f'{signature} {parallel}')}")
    if INTERPRETED:
        return function
    jit = numba.jit(**IEEE, no_cfunc_wrapper=True, parallel=parallel, cache=True)
    return jit(function).compile(signature)  # type: ignore[no-any-return]


def compile_operator(
    template: Template, fn: ElementFn, bindings: Mapping[str, Any], constants: Mapping[str, Any]
) -> Kernel:
    """Compile a kernel for a user's operator.

    Args:
        template: a function of `mt_fast.kernels`.
        fn: what is compiled for; it is among the bindings, lowered.
        bindings: the globals that the template lacks.
        constants: the bindings that are plain values, to tell the kernel from others of `fn`.

    Raises:
        BackendError: the operator cannot be compiled.
    """
    try:
        return compile_kernel(template, {**bindings, **constants}, _identity(fn, constants))
    except Exception as error:  # noqa: BLE001  Numba lets through whatever its parts raise
        raise _explained(fn, error) from None


def element_types(*dtypes: DType) -> tuple[Any, ...]:
    """Return Numba's types of elements."""
    return tuple(numba.from_dtype(dtype) for dtype in dtypes)


def _explained(fn: ElementFn, error: Exception) -> BackendError:
    """Turn a failure to compile an operator into one line for the one who wrote it."""
    name = fn.name if isinstance(fn, Op) else fn.__name__
    # What follows ": %" is LLVM's view of a value.
    text = str(error).split(": %")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = next((line for line in lines if not line.startswith("Failed in")), "unknown reason")
    return BackendError(f"{name}: cannot be compiled for the fast backend: {reason}")


def _identity(fn: ElementFn, constants: Mapping[str, Any]) -> str | None:
    try:
        return f"{fingerprint(fn)} {sorted(constants.items())}"
    except BackendError:
        return None


def _digest(identity: str | None) -> str:
    return hashlib.sha256(f"{_source_digest()} {identity}".encode()).hexdigest()[:32]


@cache
def _source_digest() -> str:
    """Identify this version of the package by its source: kernels call across its files.

    And what Numba was told for all that it compiles. The processor is in the key of its own cache.
    """
    told = {flag: getattr(config, flag) for flag in FLAGS}
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__} {told}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
