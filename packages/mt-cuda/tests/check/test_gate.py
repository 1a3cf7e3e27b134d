"""The gate itself, in processes of their own: it compiles for a GPU, and these tests simulate one.

They need the toolkit: `pip install 'numba-cuda[cu13]' nvidia-cuda-cuobjdump nvidia-cuda-nvdisasm`.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mt_cuda.check import toolkit
from mt_cuda.status import has_toolkit
from mt_tensor.errors import BackendError

TOOLS = ("cuobjdump", "nvdisasm")


def has_tools():
    try:
        return has_toolkit() and all(map(toolkit.find, TOOLS))
    except BackendError:
        return False


needs_tools = pytest.mark.skipif(not has_tools(), reason="needs libNVVM, cuobjdump and nvdisasm")


def python(*arguments):
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "0"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@needs_tools
def test_a_kernel_passes(tmp_path):
    table = tmp_path / "table.md"
    only = ("--only", "practice sum", "--markdown", str(table))
    run = python("-m", "mt_cuda.check", *only)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 kernels for 2 architectures" in run.stdout
    assert "no problem found" in run.stdout
    header, _, row = table.read_text().splitlines()
    assert header.startswith("| kernel | regs | shared |")
    assert row.startswith("| practice sum |")


PROBLEMS = {
    "doubles": r"\d+ float64 instructions in a float32 kernel",
    "spills": r"\d+ bytes of local memory, \d+ spills; there should be none",
    "narrow": "0 loads of 128 bits, fewer than 1",
    "idle": r"2\d\.\d% multiply-adds in the main loop, less than 85%",
    "greedy": r"\d+ registers, more than 20",
    "broken": "cuda: vector map of broken cannot be compiled: .*",
}


@needs_tools
def test_each_planted_regression_fails_in_one_line():
    run = python(str(Path(__file__).with_name("planted.py")))
    assert run.returncode == 1, run.stderr
    summary, *problems = run.stdout.splitlines()[-len(PROBLEMS) - 1 :]
    assert summary.startswith("7 kernels for 1 architectures in ")
    for (label, problem), line in zip(PROBLEMS.items(), problems, strict=True):
        assert re.fullmatch(rf"{label} \(sm_90\): {problem}", line), line


def test_an_unknown_label_is_refused():
    run = python("-m", "mt_cuda.check", "--only", "no such kernel")
    assert run.returncode == 2
    assert "no kernel's label contains 'no such kernel'" in run.stderr


def test_a_missing_tool_is_named(monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CUDA_HOME", raising=False)
    with pytest.raises(BackendError, match="the tool nvdisasm is missing; pip install nvidia-"):
        toolkit.find("nvdisasm")


def test_a_tool_that_fails_says_why(monkeypatch, tmp_path):
    tool = tmp_path / "cuobjdump"
    tool.write_text("#!/bin/sh\necho no cubin >&2\nexit 3\n")
    tool.chmod(0o755)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_HOME", raising=False)
    with pytest.raises(BackendError, match="cuobjdump failed: no cubin"):
        toolkit.inspect(b"nothing")
