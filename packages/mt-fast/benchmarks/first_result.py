"""Measure the time to the first result: of a process that compiles, and of one that loads.

    python packages/mt-fast/benchmarks/first_result.py [--rounds 3] [--write]

A program makes a tensor and computes `(x @ x).relu().sum()` and its gradient. It runs in processes
of its own: first with an empty folder of kernels, cold, then with what that left there, warm. A
figure is the median of the rounds, of processor time, with the time of importing the library.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from tables import PAGE, table, write
from timing import machine

PROGRAM = """
import mt_tensor as mt
x = mt.rand(100, 100, dtype="float32", backend="{backend}", requires_grad=True)
(x @ x).relu().sum().backward()
"""


def seconds(program: str, folder: str) -> float:
    """Return the processor time of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "NUMBA_CACHE_DIR": folder, "MT_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cold_and_warm(program: str) -> tuple[float, float]:
    """Run a program twice with a folder that is empty at first."""
    with tempfile.TemporaryDirectory() as folder:
        return seconds(program, folder), seconds(program, folder)


def medians_of(measure: Callable[[], tuple[float, float]], rounds: int) -> list[str]:
    """Return the medians of several rounds, as text."""
    turns = [measure() for _ in range(rounds)]
    return [f"{statistics.median(own):.2f}" for own in zip(*turns, strict=True)]


def main() -> None:
    """Print the table, and write it where it is asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into docs/fast.md")
    options = parser.parse_args()
    programs = {
        "import only": "import mt_tensor, mt_fast.backend",
        "first result and gradient": PROGRAM.format(backend="fast"),
        '`mt_fast.precompile("matmul", "softmax")`': (
            "import mt_fast; mt_fast.precompile('matmul', 'softmax')"
        ),
    }
    rows = []
    for name, program in programs.items():
        rows.append([name, *medians_of(lambda text=program: cold_and_warm(text), options.rounds)])
    text = table(["seconds of processor time", "cold", "warm"], rows)
    text += f"\n\n{machine()}; {time.strftime('%Y-%m-%d')}."
    print(text)
    if options.write:
        write(PAGE, "first-result", text)


if __name__ == "__main__":
    main()
