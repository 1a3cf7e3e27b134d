"""Removing kernels from disk that nobody has used for a while: `python -m mt_fast.pruning 30`.

A kernel is known by a digest of all that it depends on. When an operator, this package, Numba or
NumPy changes, kernels of new names take the place of the old ones, which nothing asks for again.

It is safe at any time. A process that has loaded a kernel does not need its files, and one that
misses a kernel compiles it.
"""

import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from inspect import getmembers, isfunction
from pathlib import Path
from pkgutil import walk_packages
from typing import NamedTuple

from numba.core.caching import FunctionCache

from mt_fast import kernels
from mt_tensor.errors import BackendError

DAYS = 30.0
"""How long a kernel is kept that is not used."""

SECONDS_PER_DAY = 86_400.0

NAME = re.compile(r"(?P<kernel>[\w.]+_[0-9a-f]{32}-\d+\.py\w+)\.(nbi|\d+\.nbc)")
"""An index or the code of a kernel whose name holds a digest; there may be other files beside."""


class Pruned(NamedTuple):
    """What `prune` did.

    Attributes:
        removed: how many kernels have no files any more.
        kept: how many have.
        freed: how many bytes the files had.
    """

    removed: int
    kept: int
    freed: int


def prune(days: float = DAYS) -> Pruned:
    """Remove the files of kernels that were neither written nor read for some days.

    Args:
        days: how many, 0 or more. Many file systems note reading once a day only.

    Returns:
        How many kernels were removed and kept, and the bytes that are free now.

    Raises:
        BackendError: it is less than 0.
    """
    if not days >= 0.0:
        message = f"prune: {days} days; it must be 0 or more"
        raise BackendError(message)
    oldest = time.time() - days * SECONDS_PER_DAY
    found = [files for folder in folders() for files in _kernels(folder)]
    old = [files for files in found if max(map(_last_use, files)) < oldest]
    freed = sum(_remove(file) for files in old for file in files)
    return Pruned(len(old), len(found) - len(old), freed)


def folders() -> Iterator[Path]:
    """Yield where kernels are kept: beside their templates, or where Numba was told to."""
    paths = set()
    for _, name, _ in walk_packages(kernels.__path__, f"{kernels.__name__}."):
        module = import_module(name)
        own = [f for _, f in getmembers(module, isfunction) if f.__module__ == name]
        paths |= {FunctionCache(function).cache_path for function in own[:1]}
    yield from map(Path, sorted(paths))


def _kernels(folder: Path) -> Iterator[list[Path]]:
    """Yield the files of each kernel, its index first: without that nobody asks for the code."""
    found = defaultdict(list)
    for file in sorted(folder.glob("*.nb[ci]"), key=lambda file: file.suffix, reverse=True):
        match = NAME.fullmatch(file.name)
        if match:
            found[match["kernel"]].append(file)
    yield from found.values()


def _last_use(file: Path) -> float:
    """Return the time in seconds; 0 if another process has just removed the file."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return 0.0
    return max(status.st_atime, status.st_mtime)


def _remove(file: Path) -> int:
    """Remove a file; return how many bytes it had."""
    try:
        size = file.stat().st_size
        file.unlink()
    except FileNotFoundError:
        return 0
    return size


def main(*words: str) -> None:
    """Remove kernels, and say how many."""
    removed, kept, freed = prune(*map(float, words[:1]))
    print(f"{removed} kernels removed, {freed / 1e6:.1f} MB; {kept} kept")  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
