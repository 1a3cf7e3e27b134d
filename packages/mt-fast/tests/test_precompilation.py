"""Kernels compiled before their first use: counted, on disk, and none compiled twice."""

import os
import subprocess
import sys

import pytest

import mt_fast
from mt_fast.kernels.intrinsics.instruction import INTERPRETED
from mt_fast.precompilation import GROUPS
from mt_tensor.errors import BackendError, DTypeError

compiling = pytest.mark.skipif(INTERPRETED, reason="nothing is compiled in this run")

PROGRAM = """
import mt_fast
print(*mt_fast.precompile({arguments}))
"""


@pytest.fixture
def run(tmp_path):
    """Run a program in a process of its own, whose kernels are kept in a folder of its own."""

    def runner(program):
        done = subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kernels")},
        )
        return done.stdout

    return runner


@compiling
def test_a_second_process_loads_what_the_first_compiled(run):
    program = PROGRAM.format(arguments="'dropout', 'softmax', dtypes=['float32']")
    compiled, loaded = map(int, run(program).split())
    assert compiled > 0
    assert loaded == 0
    assert run(program).split() == ["0", str(compiled)]


USER = """
import numpy as np
from mt_operators import op
import mt_tensor as mt
from mt_fast.precompilation import _counted

@op(lambda x: 3.0 * x * x)
def cube(x):
    return x * x * x

with _counted() as found:
    x = mt.tensor([1.0, 2.0], backend="fast", requires_grad=True)
    cube(x).sum().backward()
print(found.count(False), found.count(True), *x.grad.tolist())
"""


@compiling
def test_an_operator_of_a_user_is_compiled_once(run):
    compiled, loaded, *gradient = run(USER).split()
    assert int(compiled) > 2
    assert loaded == "0"
    assert gradient == ["3.0", "12.0"]
    assert run(USER).split() == ["0", compiled, "3.0", "12.0"]


@pytest.mark.parametrize("group", GROUPS)
def test_what_a_process_has_is_not_counted_again(group):
    mt_fast.precompile(group, dtypes=["float32"])
    assert mt_fast.precompile(group, dtypes=["float32"]) == (0, 0)


def test_a_group_that_is_not_there():
    with pytest.raises(BackendError, match="no group 'convolutions'; there are elementwise, "):
        mt_fast.precompile("convolutions")


def test_a_dtype_that_is_not_there():
    with pytest.raises(DTypeError):
        mt_fast.precompile("dropout", dtypes=["float31"])
