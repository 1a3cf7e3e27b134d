"""Kernels on disk: found by the next process, and never mistaken for another."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mt_fast
from mt_fast.kernels.intrinsics.instruction import INTERPRETED

pytestmark = pytest.mark.skipif(INTERPRETED, reason="nothing is compiled in this run")

PROGRAM = """
import numba.core.codegen as codegen
compiled = []
finalize = codegen.CPUCodeLibrary.finalize
def counting(library):
    if library.name != "nrt":  # Numba's own runtime, made in every process
        compiled.append(library.name)
    finalize(library)
codegen.CPUCodeLibrary.finalize = counting

import numpy as np
from mt_fast.backend import FastBackend
from mt_operators import add, op
from mt_tensor.tensor_data import TensorData

SCALE = {scale}

def helper(x):
    return SCALE * x

@op(lambda x: SCALE)
def scaled(x):
    return helper(x) + {shift}

backend = FastBackend()
a, b, out = (TensorData(np.ones(6), (2, 3)) for _ in range(3))
backend.map(scaled, out, a)
backend.map(lambda x: x * SCALE, b, a)
backend.zip(add, b, a, b.permute((1, 0)).restrided((2, 3), (1, 2)))
backend.reduce(add, TensorData(np.ones(1), (1, 1)), a)
{extra}
print(len(compiled), out.storage[0])
"""


@pytest.fixture
def run(tmp_path):
    """Run a program in a process of its own, whose kernels are kept in a folder of its own."""

    def runner(*, scale=2.0, shift=1.0, extra="", script=True, python=(), **environment):
        source = PROGRAM.format(scale=scale, shift=shift, extra=extra)
        (tmp_path / "user.py").write_text(source)
        command = ["user.py"] if script else ["-c", source]
        done = subprocess.run(
            [sys.executable, *python, *command],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kernels"), **environment},
        )
        compiled, value = done.stdout.split()
        return int(compiled), float(value)

    return runner


def test_a_second_process_compiles_nothing(run):
    compiled, value = run()
    assert compiled > 4
    assert value == 3.0
    assert run() == (0, 3.0)


def test_a_function_of_main_is_found_again(run):
    assert run(script=False)[0] > 4
    assert run(script=False) == (0, 3.0)


def test_where_a_function_stands_does_not_matter(run):
    run()
    assert run(script=False, python=["-B"]) == (0, 3.0)


def test_a_changed_function_is_compiled_anew(run):
    run()
    compiled, value = run(shift=5.0)
    assert compiled > 0
    assert value == 7.0
    assert run() == (0, 3.0)


def test_a_changed_global_of_a_helper_is_seen(run):
    run()
    compiled, value = run(scale=4.0)
    assert compiled > 0
    assert value == 5.0


def test_what_cannot_be_identified_is_not_kept(run):
    extra = """
import numba
number = numba.float64
backend.map(lambda x: number(x) + 1.0, b, a)
"""
    run(extra=extra)
    compiled, value = run(extra=extra)
    assert 0 < compiled < 4
    assert value == 3.0


def copied_package(tmp_path, name):
    """Copy the package, as an installation that can be changed."""
    target = tmp_path / name
    shutil.copytree(
        Path(mt_fast.__file__).parent,
        target / "mt_fast",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return target


def test_a_changed_package_never_meets_an_old_kernel(run, tmp_path):
    target = copied_package(tmp_path, "site")
    path = os.pathsep.join([str(target), os.environ.get("PYTHONPATH", "")])
    assert run(PYTHONPATH=path)[0] > 0
    assert run(PYTHONPATH=path) == (0, 3.0)
    changed = target / "mt_fast" / "kernels" / "intrinsics" / "elements.py"
    changed.write_text(changed.read_text() + "\n# changed\n")
    assert run(PYTHONPATH=path)[0] > 0


def test_a_folder_that_cannot_be_written_is_not_needed(run, tmp_path):
    """As in a system-wide installation: kernels go to the user's cache."""
    target = copied_package(tmp_path, "readonly")
    package = target / "mt_fast"
    for folder in (package, *filter(Path.is_dir, list(package.rglob("*")))):
        # A file in the way stops even the superuser, whom no permission does.
        (folder / "__pycache__").write_text("")
    path = os.pathsep.join([str(target), os.environ.get("PYTHONPATH", "")])
    home = {"NUMBA_CACHE_DIR": "", "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "xdg")}
    assert run(PYTHONPATH=path, **home)[0] > 0
    assert run(PYTHONPATH=path, **home) == (0, 3.0)
    assert list(tmp_path.glob("xdg/**/*.nbc"))
