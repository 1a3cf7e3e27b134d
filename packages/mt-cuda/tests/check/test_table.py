from mt_cuda.check.findings import Findings
from mt_cuda.check.table import HEADER, Result, markdown

FOUND = Findings(
    registers=40, shared=9216, stack=0, spills=0, instructions=12, vectors=2, share=0.4, doubles=0
)
OTHER = Findings(
    registers=44, shared=9216, stack=8, spills=3, instructions=12, vectors=2, share=0.0, doubles=1
)


def test_a_line_stands_under_the_header():
    line = str(Result("matmul", "sm_90", FOUND))
    assert line.split() == ["matmul", "sm_90", "40", "9216", "0", "0", "12", "2", "40.0%", "0"]
    assert len(line) == len(HEADER)


def test_a_kernel_that_cannot_be_compiled_has_no_figures():
    assert str(Result("matmul", "sm_90", None, ("why",))).split() == ["matmul", "sm_90", "failed"]


def test_markdown_puts_architectures_side_by_side():
    results = [Result("a", "sm_80", FOUND), Result("a", "sm_90", OTHER), Result("b", "sm_90", None)]
    header, rule, first, second = markdown(results).splitlines()
    assert header.count("|") == rule.count("|") == first.count("|")
    assert first == "| a | 40 / 44 | 9216 | 0 / 8 | 0 / 3 | 12 | 2 | 40.0% / - | 0 / 1 |"
    assert second == "| b | failed |"
