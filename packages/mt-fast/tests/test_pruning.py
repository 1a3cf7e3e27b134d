"""Old kernels go from disk, those in use stay, and nothing else is touched."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mt_fast import pruning
from mt_tensor.errors import BackendError

DAY = 86_400.0
DIGEST = "0123456789abcdef" * 2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(pruning, "folders", lambda: iter([tmp_path]))
    return tmp_path


def kept(folder, name, days, *suffixes):
    """Write files that were used so many days ago."""
    for suffix in suffixes:
        file = folder / f"{name}{suffix}"
        file.write_bytes(b"x" * 100)
        then = time.time() - days * DAY
        os.utime(file, (then, then))


def test_old_kernels_go(folder):
    old, new = f"tiled.flat_{DIGEST}-24.py311", f"tiled.blocks_{DIGEST}-24.py311"
    kept(folder, old, 40, ".nbi", ".1.nbc", ".2.nbc")
    kept(folder, new, 20, ".nbi", ".1.nbc")
    kept(folder, new, 40, ".2.nbc")
    assert pruning.prune() == (1, 1, 300)
    assert {file.name for file in folder.iterdir()} == {
        f"{new}{suffix}" for suffix in (".nbi", ".1.nbc", ".2.nbc")
    }
    assert pruning.prune(10) == (1, 0, 300)
    assert not list(folder.iterdir())


def test_what_is_no_kernel_stays(folder):
    kept(folder, "tiled.cpython-311", 400, ".pyc")
    kept(folder, "other.function-3.py311", 400, ".nbi", ".1.nbc")
    assert pruning.prune(0) == (0, 0, 0)
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("days", [-1, float("nan")])
def test_days_that_make_no_sense(days):
    with pytest.raises(BackendError, match=f"prune: {days} days; it must be 0 or more"):
        pruning.prune(days)


PROGRAM = """
from mt_fast.backend import FastBackend
from mt_operators import exp, neg
from mt_tensor.testing import place
import numpy as np
backend = FastBackend()
a = place(backend, np.ones(3))
backend.map(neg, a, a)
backend.map(exp, a, a)
"""


def test_the_kernels_of_a_process_are_found(tmp_path):
    def run(*arguments):
        environment = {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
        done = subprocess.run(
            [sys.executable, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
        )
        return done.stdout

    def files():
        return [file for file in Path(tmp_path).rglob("*") if file.is_file()]

    run("-c", PROGRAM)
    count = len([file for file in files() if file.suffix == ".nbi"])
    assert count > 1
    assert run("-m", "mt_fast.pruning") == f"0 kernels removed, 0.0 MB; {count} kept\n"
    assert run("-m", "mt_fast.pruning", "0").startswith(f"{count} kernels removed, ")
    assert not files()
    run("-c", PROGRAM)
    assert files()
