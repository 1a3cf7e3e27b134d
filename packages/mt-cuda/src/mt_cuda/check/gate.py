"""Compiling the kernels in parallel, and the table of what their machine code shows."""

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context

from mt_cuda.check.catalogue import Entry, catalogue
from mt_cuda.check.findings import judge
from mt_cuda.check.table import HEADER, Result
from mt_cuda.check.toolkit import inspect
from mt_cuda.compiler import Capability, compile_kernel
from mt_tensor.errors import BackendError


def check(labels: Sequence[str], capabilities: Sequence[Capability]) -> list[Result]:
    """Compile and judge kernels, each for each architecture; print the table and what is wrong."""
    start = time.perf_counter()
    results: list[Result] = []
    _print(HEADER)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        for result in workers.map(_check, *zip(*product(labels, capabilities), strict=True)):
            _print(str(result))
            results.append(result)
    seconds = time.perf_counter() - start
    _print(f"\n{len(labels)} kernels for {len(capabilities)} architectures in {seconds:.0f} s")
    for problem in [p for result in results for p in result.problems] or ["no problem found"]:
        _print(problem)
    return results


def _check(label: str, capability: Capability) -> Result:
    """Compile and judge one kernel."""
    entry = next(entry for entry in catalogue() if entry.label == label)
    return examined(entry, capability)


def examined(entry: Entry, capability: Capability) -> Result:
    """Compile a kernel, and judge its machine code."""
    arch = "sm_{}{}".format(*capability)
    try:
        found = inspect(compile_kernel(entry.make(), capability).code)
    except BackendError as error:
        return Result(entry.label, arch, None, (f"{entry.label} ({arch}): {error}",))
    problems = [f"{entry.label} ({arch}): {problem}" for problem in judge(found, entry.wants)]
    return Result(entry.label, arch, found, tuple(problems))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
