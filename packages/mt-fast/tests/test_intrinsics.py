"""The list of instructions is complete: every one that kernels may use is named in it."""

import ast
from pathlib import Path

import pytest

from mt_fast.kernels import intrinsics

HERE = Path(intrinsics.__file__).parent
FILES = sorted(HERE.glob("[a-z]*.py"))


def defined(path):
    """Yield the functions that are made instructions, and those that return one."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            marks = {m.func.id for m in node.decorator_list if isinstance(m, ast.Call)}
            if "instruction" in marks or (node.name.endswith("_of") and path.stem == "wide"):
                yield node.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_and_each_instruction_is_listed(path):
    told = intrinsics.__doc__
    assert f"`{path.stem}`" in told
    missing = [name for name in defined(path) if f"`{name}`" not in told]
    assert missing == []


def test_there_are_instructions():
    assert sum(len(list(defined(path))) for path in FILES) > 25


def test_no_kernel_speaks_llvm_itself():
    kernels = [p for p in HERE.parent.rglob("*.py") if HERE not in p.parents]
    speaking = {p.stem for p in kernels if "llvmlite" in p.read_text()}
    assert speaking == {"calling", "starting"}
