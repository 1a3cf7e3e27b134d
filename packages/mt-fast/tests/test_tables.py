"""The benchmarks write their tables between two markers of a page, and nowhere else."""

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "benchmarks" / "tables.py"


@pytest.fixture
def tables():
    spec = importlib.util.spec_from_file_location("tables", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_table_replaces_the_one_before(tables, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- measured: x -->\nold\n<!-- end: x -->\nb\n<!-- measured: y -->\n")
    for text in ("| 1 |", r"| \1 |"):
        tables.write(page, "x", text)
        assert page.read_text() == (
            f"a\n<!-- measured: x -->\n\n{text}\n\n<!-- end: x -->\nb\n<!-- measured: y -->\n"
        )


def test_a_page_without_the_markers(tables, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- measured: y -->\n")
    with pytest.raises(LookupError, match=r"page.md: 0 places for the table 'y', not 1"):
        tables.write(page, "y", "text")
    assert page.read_text() == "<!-- measured: y -->\n"


def test_the_pages_have_a_place_for_every_table(tables):
    for name in ("matmul", "map", "reduce"):
        assert f"<!-- end: {name} -->" in tables.README.read_text()
    for name in ("targets", "first-result"):
        assert f"<!-- end: {name} -->" in tables.PAGE.read_text()


def test_a_table_of_markdown(tables):
    assert tables.table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
