"""Compiling the kernels in parallel, and the table of what their machine code shows."""

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context

from mt_cuda.check.catalogue import Entry, catalogue
from mt_cuda.check.findings import Findings, judge
from mt_cuda.check.toolkit import inspect
from mt_cuda.compiler import Capability, compile_kernel
from mt_tensor.errors import BackendError

COLUMNS = "kernel", "arch", "regs", "shared", "local", "spills", "instr", "ld128", "fma", "f64"
ROW = "{:34} {:>5} {:>4} {:>6} {:>5} {:>6} {:>5} {:>5} {:>5} {:>3}"


def check(labels: Sequence[str], capabilities: Sequence[Capability]) -> int:
    """Print the table and what is wrong; return 1 if anything is."""
    start = time.perf_counter()
    problems: list[str] = []
    _print(ROW.format(*COLUMNS))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        for row, wrong in workers.map(_check, *zip(*product(labels, capabilities), strict=True)):
            _print(row)
            problems += wrong
    seconds = time.perf_counter() - start
    _print(f"\n{len(labels)} kernels for {len(capabilities)} architectures in {seconds:.0f} s")
    for problem in problems or ["no problem found"]:
        _print(problem)
    return int(bool(problems))


def _check(label: str, capability: Capability) -> tuple[str, list[str]]:
    """Compile and judge one kernel; return its row and what is wrong with it."""
    arch = "sm_{}{}".format(*capability)
    entry = next(entry for entry in catalogue() if entry.label == label)
    return examined(entry, capability, arch)


def examined(entry: Entry, capability: Capability, arch: str) -> tuple[str, list[str]]:
    """Compile a kernel; return its row of the table and what is wrong with it."""
    try:
        found = inspect(compile_kernel(entry.make(), capability).code)
    except BackendError as error:
        return f"{entry.label[:34]:34} {arch:>5}  failed", [f"{entry.label} ({arch}): {error}"]
    problems = [f"{entry.label} ({arch}): {problem}" for problem in judge(found, entry.wants)]
    return _row(entry.label, arch, found), problems


def _row(label: str, arch: str, found: Findings) -> str:
    share = f"{found.share:.1%}" if found.share else ""
    return ROW.format(
        label[:34],
        arch,
        found.registers,
        found.shared,
        found.stack,
        found.spills,
        found.instructions,
        found.vectors,
        share,
        found.doubles,
    )


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
