"""The compiler that the course's own kernels are compiled by. Only this file imports Numba."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import cuda, prange

__all__ = [
    "Compiled",
    "cuda",
    "device_array",
    "device_jit",
    "jit",
    "njit",
    "parallel_jit",
    "plain",
    "prange",
    "threads",
]

Compiled = Any


def njit(fn: Callable[..., Any], **options: Any) -> Compiled:
    """Compile a function for the CPU, so that kernels which call it swallow it."""
    return numba.njit(inline="always", **options)(plain(fn))


def plain(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that Python runs, of one that may have been compiled already."""
    python: Callable[..., Any] = getattr(fn, "py_func", fn)
    return python


def parallel_jit(fn: Callable[..., Any], **options: Any) -> Compiled:
    """Compile a kernel for the CPU, the iterations of its `prange` on all cores."""
    return numba.njit(parallel=True, **options)(fn)


def device_jit(fn: Callable[..., Any], **options: Any) -> Compiled:
    """Compile a function for the GPU that kernels call."""
    return cuda.jit(device=True, **options)(plain(fn))


def jit(fn: Callable[..., Any], **options: Any) -> Compiled:
    """Compile a kernel for the GPU."""
    return cuda.jit(**options)(fn)


def device_array(exported: Any) -> Any:
    """View memory of the GPU as an array that kernels take; the simulator's as one of NumPy's."""
    if hasattr(exported, "__cuda_array_interface__"):
        return cuda.as_cuda_array(exported)
    return np.asarray(Writable(np.from_dlpack(exported)))


class Writable:
    """An array that may be written to, though the capsule that it came in could not say so.

    Args:
        array: over the memory; it is kept for as long as this is.
    """

    def __init__(self, array: Any) -> None:
        """Describe the same memory once more."""
        self.array = array
        interface = array.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def threads() -> int:
    """Count the threads that a parallel kernel runs on."""
    count: int = numba.get_num_threads()
    return count
