"""What `minitorch doctor` shows: what can be used here, and what to install for the rest."""

import os
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from platform import platform, python_version

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

import mt_tensor
from minitorch.jit import cuda, threads
from mt_nn.data import data_folder

Rows = Mapping[str, tuple[str, ...]]

PACKAGES = (
    "mt-course",
    "mt-nn",
    "mt-tensor",
    "mt-autodiff",
    "mt-operators",
    "mt-fast",
    "mt-cuda",
    "numpy",
    "numba",
    "numba-cuda",
    "pyarrow",
    "torch",
)
OPTIONAL = {
    "pyarrow": "python -m pip install pyarrow, for the words of train sentiment",
    "torch": "python -m pip install torch, for train torch",
}
"""What to do about a package that is not installed."""


def doctor() -> None:
    """Show backends, devices, threads, caches and versions."""
    console = Console()
    console.print(_table("backend", ("here", "needs"), _backends()))
    console.print(_table("machine", ("value",), _machine()))
    console.print(_table("package", ("version", "needs"), _versions()))


def _table(first: str, others: tuple[str, ...], rows: Rows) -> Table:
    table = Table(box=box.SIMPLE, header_style="bold")
    for name in (first, *others):
        table.add_column(name, overflow="fold")
    for name, cells in rows.items():
        table.add_row(Text(name), *map(Text, cells))
    return table


def _backends() -> Rows:
    rows = {}
    for name, status in mt_tensor.backends().items():
        state = "ready" if status.ready else "not ready"
        rows[name] = (f"{state}: {status.detail}", status.needs)
    return rows


def _machine() -> Rows:
    return {
        "system": (platform(),),
        "python": (f"{python_version()}, {sys.executable}",),
        "default backend": (mt_tensor.default_backend().name,),
        "threads": (f"{threads()} of {os.cpu_count()} cores",),
        "GPU for Numba": ("yes" if cuda.is_available() else "no",),
        "kernel cache": (os.environ.get("NUMBA_CACHE_DIR", "beside the packages"),),
        "data cache": (str(data_folder()),),
    }


def _versions() -> Rows:
    rows = {}
    for name in PACKAGES:
        try:
            rows[name] = (version(name), "")
        except PackageNotFoundError:
            rows[name] = ("not installed", OPTIONAL.get(name, f"python -m pip install {name}"))
    return rows
