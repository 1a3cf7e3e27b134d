"""The compiler that the course's own kernels are compiled by. Only this file imports Numba."""

from collections.abc import Callable
from typing import Any

import numba
from numba import cuda, prange

__all__ = ["Compiled", "cuda", "device_jit", "jit", "njit", "parallel_jit", "prange", "threads"]

Compiled = Any


def njit(fn: Callable[..., Any], **options: Any) -> Compiled:
    """Compile a function for the CPU, so that kernels which call it swallow it."""
    return numba.njit(inline="always", **options)(fn)


def parallel_jit(fn: Callable[..., Any], **options: Any) -> Compiled:
    """Compile a kernel for the CPU, the iterations of its `prange` on all cores."""
    return numba.njit(parallel=True, **options)(fn)


def device_jit(fn: Callable[..., Any], **options: Any) -> Compiled:
    """Compile a function for the GPU that kernels call."""
    return cuda.jit(device=True, **options)(fn)


def jit(fn: Callable[..., Any], **options: Any) -> Compiled:
    """Compile a kernel for the GPU."""
    return cuda.jit(**options)(fn)


def threads() -> int:
    """Count the threads that a parallel kernel runs on."""
    count: int = numba.get_num_threads()
    return count
