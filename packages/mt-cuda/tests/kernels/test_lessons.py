"""The kernels as a lesson plan: what the README lists is what there is, and barriers say why."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

import mt_cuda

SOURCE = Path(mt_cuda.__file__).parent
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LESSONS = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
SHARED = {"__init__", "indexing", "matrices", "operands", "panel", "teams", "tile", "types"}
"""What kernels are made of; the README names each in the lesson that needs it."""

FILES = {path.stem: path.read_text(encoding="utf-8") for path in SOURCE.glob("kernels/*.py")}


def test_every_kernel_is_a_lesson():
    assert len(LESSONS) == len(set(LESSONS))
    assert set(LESSONS) == FILES.keys() - SHARED


def test_the_courses_practice_comes_first_and_each_subject_grows():
    order = [LESSONS.index(name) for name in LESSONS]
    assert order == sorted(order)
    assert LESSONS[:2] == ["practice_sum", "practice_matmul"]
    subjects = {
        "map": ["naive", "strided", "vector"],
        "reduce": ["shared", "shuffle", "parts", "vector"],
        "matmul": ["naive", "shared", "registers", "vector", "buffered"],
    }
    for subject, steps in subjects.items():
        listed = [name.partition("_")[2] for name in LESSONS if name.startswith(f"{subject}_")]
        assert listed == steps


@pytest.mark.parametrize("name", sorted(SHARED - {"__init__"}))
def test_what_kernels_share_is_named(name):
    assert f"`{name}`" in README


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.stem)
def test_every_barrier_says_why_it_stands(path):
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    for before, line in pairwise(lines):
        assert line != "cuda.syncthreads()" or before.startswith("# "), path


MEASURED = {
    "practice_sum": "practice sum",
    "practice_matmul": "practice matmul",
    "map_naive": "map naive",
    "map_strided": "zip strided 4d",
    "map_vector": "zip vector",
    "reduce_shared": "row fold shared",
    "reduce_shuffle": "row fold shuffle",
    "reduce_parts": "fold of add by 256",
    "reduce_vector": "fold of add by 256, vectors",
    "matmul_naive": "matmul naive",
    "matmul_shared": "matmul shared",
    "matmul_registers": "matmul registers 128x128",
    "matmul_vector": "matmul vector",
    "matmul_buffered": "matmul buffered a",
    "fill": "fill",
    "gather": "scatter add",
    "rows": "add rows",
    "convolution": "convolution forward",
    "pooling": "pool maximum_by_input",
    "softmax": "log softmax by 256",
    "dropout": "dropout, vectors",
    "descent": "descent by Adam",
}
"""The line of the gate's table that the README quotes for each lesson, for sm_90."""

TABLE = (Path(__file__).parents[2] / "kernels.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LESSONS)
def test_the_readme_quotes_the_table_of_the_gate(name):
    (line,) = re.findall(rf"^\| {MEASURED[name]} \| (.*) \|$", TABLE, re.MULTILINE)
    cells = [cell.split(" / ")[-1] for cell in line.split(" | ")]
    registers, vectors, share = cells[0], int(cells[5]), cells[6]
    quoted = f"{registers} registers" + f", {vectors} loads of 16 bytes" * (vectors > 0)
    quoted += f", {share} multiply-adds" * name.startswith("matmul_")
    (row,) = re.findall(rf"^\| `{name}` \| .* \| (.*) \|$", README, re.MULTILINE)
    assert row == quoted
