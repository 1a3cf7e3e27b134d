"""What Numba makes parallel, of every kernel: `python -m mt_fast.diagnostics map.merged`.

The steps of a lesson have a `prange` of their own. Everything else is shared among threads by one
loop over units of work, `mt_fast.kernels.calling.run_parallel`, the same for all kernels; so its
diagnostics are those of each of them.
"""

import sys
from typing import Any

import numba
import numpy as np

from mt_fast.kernels import calling
from mt_fast.kernels.step import OPTIONS
from mt_fast.lessons import LESSONS, Step
from mt_operators import add
from mt_tensor.errors import BackendError
from mt_tensor.tensor_data import TensorData

NAMES = tuple(f"{step.lesson}.{step.name}" for steps in LESSONS.values() for step in steps)


def parallel_diagnostics(name: str = "", level: int = 1) -> None:
    """Print Numba's diagnostics of a kernel, compiled for all threads.

    Args:
        name: of a step of a lesson, such as `"matmul.naive"`; nothing for any other kernel.
        level: how much to print, 1 to 4.

    Raises:
        BackendError: there is no such step.
    """
    if name and name not in NAMES:
        message = f"parallel_diagnostics: no kernel {name!r}; there are {', '.join(NAMES)}"
        raise BackendError(message)
    steps = [s for s in _own_loops() if f"{s.lesson}.{s.name}" == name]
    compiled = _step(steps[0]) if steps else _sharing()
    compiled.parallel_diagnostics(level=level)


def _own_loops() -> list[Step]:
    return [step for steps in LESSONS.values() for step in steps[:-1]]


def _step(step: Step) -> Any:
    """Compile a step for several threads, for matrices of float64."""
    out, a, b = (TensorData(np.zeros(4), (2, 2)) for _ in range(3))
    if step.lesson == "reduce":
        out = TensorData(np.zeros(2), (2, 1))
    operands = {"matmul": (out, a, b), "map": (add, out, a, b), "reduce": (add, out, a)}
    function = getattr(step.module, step.entry).py_func
    shared = numba.njit(**OPTIONS, parallel=True)(function)
    step.call(shared, *operands[step.lesson])
    return shared


def _sharing() -> Any:
    shared = numba.njit(error_model="numpy", parallel=True)(calling.run_parallel)
    i = numba.int64
    shared.compile(numba.void(i, i[::1], i[::1], i, i))
    return shared


if __name__ == "__main__":
    parallel_diagnostics("".join(sys.argv[1:2]), level=3)
