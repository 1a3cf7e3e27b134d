import pytest
from pages import pages
from sybil.example import SybilFailure
from workspace import ROOT


@pytest.fixture
def run_page(tmp_path):
    """Run every block of one page and count them."""

    def run(text: str) -> int:
        page = tmp_path / "page.md"
        page.write_text(text)
        examples = list(pages.parse(page).examples())
        for example in examples:
            example.evaluate()
        return len(examples)

    return run


@pytest.mark.parametrize("info", ["python", "pycon", 'python title="one.py"', "pycon hl_lines='1'"])
def test_a_session_is_compared_with_its_output(run_page, info):
    page = f"```{info}\n>>> 1 + 1\n{{}}\n```\n"
    assert run_page(page.format(2)) == 1
    with pytest.raises(SybilFailure, match="Expected:\n    3\nGot:\n    2"):
        run_page(page.format(3))


@pytest.mark.parametrize("info", ["python", 'python title="one.py"'])
def test_a_block_of_statements_is_run(run_page, info):
    page = f"```{info}\nif 1 + 1 != {{}}:\n    raise ArithmeticError('no')\n```\n"
    assert run_page(page.format(2)) == 1
    with pytest.raises(ArithmeticError, match="no"):
        run_page(page.format(3))


def test_an_indented_block_runs(run_page):
    with pytest.raises(ZeroDivisionError, match="by zero"):
        run_page("!!! note\n\n    ```python\n    1 / 0\n    ```\n")


def test_blocks_share_their_names(run_page):
    assert run_page("```python\nx = 3\n```\n\n```pycon\n>>> x\n3\n```\n") == 2


def test_decimals_count_to_the_precision_shown(run_page):
    page = "```pycon\n>>> 0.1 + 0.2\n{}\n```\n"
    assert run_page(page.format("0.3")) == 1
    with pytest.raises(SybilFailure, match="Expected"):
        run_page(page.format("0.35"))


@pytest.mark.parametrize("info", ["", "bash", "pythonic", 'python exec="true"', "text"])
def test_other_blocks_are_left_alone(run_page, info):
    assert run_page(f"```{info}\nraise SystemExit\n```\n\n```python\npass\n```\n") == 1


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "packages/mt-nn/README.md"])
def test_the_pages_of_the_workspace_are_collected(page):
    assert pages.should_parse(ROOT / page)
    assert not pages.should_parse((ROOT / page).with_suffix(".txt"))
