"""Examining kernels: as plain Python, or with each index checked; slow, and never wrong in silence.

Numba's own settings choose, and must be in the environment before the first import:

- `NUMBA_DISABLE_JIT=1` runs every kernel as the Python that it is written in. A debugger can step
  into it, and a user's operator may print.
- `NUMBA_BOUNDSCHECK=1` compiles kernels that compare each index into an array with its size.

A wrong index raises an IndexError from the call of the backend. In both modes kernels run on one
thread, and a captured step repeats its calls from Python.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_fast.kernels.starting import HEAD

Words = ctypes.POINTER(ctypes.c_int64)
KERNEL = ctypes.CFUNCTYPE(None, Words, Words, ctypes.c_int64, ctypes.c_int64)


def start(address: int, storages: Any, positions: Any, layout: Any, units: int) -> None:
    """Do all units of a kernel.

    Args:
        address: of the kernel; of the Python function, where nothing is compiled.
        storages: the arrays, the output first.
        positions: where the first element of each lies.
        layout: what the kernel reads.
        units: how many there are.

    Raises:
        IndexError: the kernel reads or writes where no element is.
    """
    run = _interpreted if INTERPRETED else _checked
    run(address, storages, positions, layout, units)


def start_apart(words: Any, *operands: Any) -> bool:
    """Do what `mt_fast.kernels.starting` compiles: storages, then positions, one by one."""
    count = len(operands) // 2
    return start_any(words, operands[:count], operands[count:])


def start_any(words: Any, storages: Any, positions: Any) -> bool:
    """Start the kernel that `words` describe; return False if these are no storages for it."""
    kernel, units, size = map(int, words[:HEAD])
    end = HEAD + len(storages)
    if [id(storage.dtype) for storage in storages] != words[HEAD:end].tolist():
        return False
    start(kernel, storages, positions, words[end : end + size], units)
    return True


def _interpreted(address: int, storages: Any, positions: Any, layout: Any, units: int) -> None:
    kernel = ctypes.cast(address, ctypes.py_object).value
    with np.errstate(all="ignore"):
        kernel((*storages, *positions), layout, 0, units)


def _checked(address: int, storages: Any, positions: Any, layout: Any, units: int) -> None:
    """Call machine code, with the sizes of the storages before its words."""
    sizes = [len(storage) for storage in reversed(storages)]
    addresses = [storage.ctypes.data for storage in storages]
    words = np.array([*sizes, *addresses, *positions], np.int64)
    with _raised():
        KERNEL(address)(_words(words[len(sizes) :]), _words(layout), 0, units)


def _words(array: Any) -> Any:
    return array.ctypes.data_as(Words)


@contextmanager
def _raised() -> Iterator[None]:
    """Raise what a C function cannot: Numba hands it to the hook for such exceptions."""
    caught: list[Any] = []
    hook, sys.unraisablehook = sys.unraisablehook, caught.append
    try:
        yield
    finally:
        sys.unraisablehook = hook
    for unraisable in caught:
        raise unraisable.exc_value
