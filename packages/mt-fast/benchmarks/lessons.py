"""Measure every step of every lesson, and write the tables into the README.

    python packages/mt-fast/benchmarks/lessons.py [--only matmul] [--rounds 5] [--write]

One thread; the steps of a lesson take turns, and a figure is the median of the rounds by the
thread's processor time. Matrix products are told in GFLOP/s, maps and folds in GB/s that are read
and written.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from tables import README, table, write
from timing import machine, medians

from mt_fast import set_num_threads
from mt_fast.lessons import LESSONS
from mt_operators import add
from mt_tensor import TensorData

SIDE = 1000
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """One column of a table.

    Attributes:
        name: of the column.
        operands: what each step is called with.
        work: FLOPs or bytes of one call.
    """

    name: str
    operands: tuple[Any, ...]
    work: float


def drawn(*shape: int, dtype: str = "float32") -> Array:
    """Draw numbers."""
    return np.random.default_rng(0).random(shape).astype(dtype)


def data(view: Array) -> TensorData:
    """Return the tensor over the storage of a view that starts where the storage does."""
    base = view
    while isinstance(base.base, np.ndarray):
        base = base.base
    strides = tuple(step // view.itemsize for step in view.strides)
    return TensorData(base.reshape(-1), view.shape, strides)


def products() -> Iterator[Case]:
    """Yield products of square matrices."""
    for n, dtype in ((256, "float32"), (512, "float32"), (512, "float64")):
        a, b = drawn(n, n, dtype=dtype), drawn(n, n, dtype=dtype)
        out = data(np.empty((n, n), dtype))
        yield Case(f"{n}, {dtype}", (out, data(a), data(b)), 2.0 * n**3)
    b = drawn(512, 512).T
    out = data(np.empty((512, 512), "float32"))
    yield Case("512, b transposed", (out, data(drawn(512, 512)), data(b)), 2.0 * 512**3)


def maps() -> Iterator[Case]:
    """Yield sums of a million pairs."""
    a, row = drawn(SIDE, SIDE), np.broadcast_to(drawn(SIDE), (SIDE, SIDE))
    out = data(np.empty((SIDE, SIDE), "float32"))
    for name, b in (("A + B", a), ("A + row", row), ("A + B.T", drawn(SIDE, SIDE).T)):
        moved = 3 if b is not row else 2
        yield Case(name, (add, out, data(a), data(b)), moved * a.nbytes)


def folds() -> Iterator[Case]:
    """Yield sums along the last and the first axis, and of one long row."""
    square, long = drawn(SIDE, SIDE), drawn(1, 1 << 20)
    for name, a in (("last axis", square), ("first axis", square.T), ("2^20 numbers", long)):
        out = data(np.empty((len(a), 1), "float32"))
        yield Case(name, (add, out, data(a)), a.nbytes)


CASES = {"matmul": (products, "GFLOP/s"), "map": (maps, "GB/s"), "reduce": (folds, "GB/s")}


def measured(lesson: str, rounds: int) -> str:
    """Return the table of a lesson."""
    columns, unit = CASES[lesson]
    steps, cases = LESSONS[lesson], list(columns())
    rates = []
    for case in cases:
        calls = [lambda step=step, case=case: step.run(*case.operands) for step in steps]
        rates.append([case.work / seconds / 1e9 for seconds in medians(calls, rounds)])
    rows = (
        [f"{place} · `{lesson}/{step.name}.py`", *(f"{rate[place - 1]:.3g}" for rate in rates)]
        for place, step in enumerate(steps, 1)
    )
    return table([unit, *(case.name for case in cases)], rows)


def main() -> None:
    """Print the tables, and write them where it is asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=CASES, help="one lesson")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the tables into the README")
    options = parser.parse_args()
    set_num_threads(1)
    print(f"{machine()}; NumPy {np.__version__}; {time.strftime('%Y-%m-%d')}\n")
    for lesson in [options.only] if options.only else CASES:
        text = measured(lesson, options.rounds)
        print(text, end="\n\n", flush=True)
        if options.write:
            write(README, lesson, f"{text}\n\n{machine()}, one thread; {time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    main()
