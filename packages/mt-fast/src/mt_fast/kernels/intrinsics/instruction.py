"""Instructions: what kernels need of LLVM, each with its meaning in Python.

An instruction is emitted into the code of the kernel. Its meaning is a function of Python that does
the same, and takes its place where a kernel is examined:

- `NUMBA_DISABLE_JIT=1`: kernels are not compiled. They run as the Python that they are written in,
  on NumPy's arrays and numbers, and instructions run by their meaning.
- `NUMBA_BOUNDSCHECK=1`: kernels are compiled, and each index into an array is compared with its
  size. Numba checks `a[i]`. An instruction that reads or writes one element checks it as well; one
  that reads or writes many at once is replaced by its meaning, compiled.

Both modes use one thread, and kernels are started from Python: see `mt_fast.examining`.
"""

from collections.abc import Callable
from typing import Any

import numba
from numba import config
from numba.extending import intrinsic

INTERPRETED = bool(config.DISABLE_JIT)
CHECKED = bool(config.BOUNDSCHECK) and not INTERPRETED
EXAMINED = INTERPRETED or CHECKED

Function = Callable[..., Any]


def instruction(
    meaning: Function, *, block: bool = False, literal: bool = False
) -> Callable[[Function], Any]:
    """Turn the definition of an intrinsic into an instruction.

    Args:
        meaning: does the same in Python, for arguments of the same order.
        block: whether it reads or writes many elements, so that its meaning is what is checked.
        literal: whether it must know the values of arguments that are constants.
    """

    def defined(definition: Function) -> Any:
        if INTERPRETED:
            return meaning
        if CHECKED and block:
            return numba.njit(error_model="numpy")(meaning)
        return intrinsic(prefer_literal=literal)(definition)

    return defined
