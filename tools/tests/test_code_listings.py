import code_listings
import pytest
from workspace import ROOT

TEXT = '''\
import os

LIMIT: int = 3
a = b = 1


@wrap(
    1,
)
def f(x):
    """Doc."""
    return x


class C:
    y = 2

    @property
    def g(self):
        return 1
'''


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("LIMIT", "LIMIT: int = 3"),
        ("b", "a = b = 1"),
        ("f", '@wrap(\n    1,\n)\ndef f(x):\n    """Doc."""\n    return x'),
        ("C.y", "y = 2"),
        ("C.g", "@property\ndef g(self):\n    return 1"),
    ],
)
def test_a_definition_is_cut_out_with_its_decorators(name, code):
    assert code_listings.definition(TEXT, name) == code


@pytest.mark.parametrize("name", ["h", "C.h", "f.x", "os"])
def test_a_name_that_is_not_defined_is_refused(name):
    with pytest.raises(LookupError, match=f"here defines no {name}"):
        code_listings.definition(TEXT, name, "here")


def test_a_module_that_is_not_there_is_refused():
    with pytest.raises(LookupError, match="no module mt_nothing in the workspace"):
        code_listings.find("mt_nothing")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    file = tmp_path / "packages" / "mt-a" / "src" / "mt_a" / "__init__.py"
    file.parent.mkdir(parents=True)
    file.write_text(TEXT)
    file.with_name("deep.py").write_text("z = 1\n\n")
    monkeypatch.setattr(code_listings, "ROOT", tmp_path)


@pytest.mark.usefixtures("workspace")
def test_a_page_gets_the_code_under_the_path_of_its_file():
    page = "Before\n\n<!-- code: mt_a LIMIT C.y -->\n\nAfter <!-- code: mt_a f -->\n"
    assert code_listings.on_page_markdown(page) == (
        'Before\n\n````python title="packages/mt-a/src/mt_a/__init__.py"\n'
        "LIMIT: int = 3\n\n\ny = 2\n````\n\nAfter <!-- code: mt_a f -->\n"
    )


@pytest.mark.usefixtures("workspace")
def test_without_names_the_whole_module_is_shown():
    assert code_listings.listing("mt_a.deep", []) == (
        '````python title="packages/mt-a/src/mt_a/deep.py"\nz = 1\n````'
    )


@pytest.mark.usefixtures("workspace")
def test_the_files_of_a_package_are_a_table(tmp_path):
    folder = tmp_path / "packages" / "mt-a" / "src" / "mt_a"
    (folder / "inner").mkdir()
    (folder / "inner" / "x.py").write_text('"""First line.\n\nSecond."""\n')
    assert code_listings.on_page_markdown("<!-- files: mt_a -->\n").splitlines() == [
        "| file | what it holds |",
        "| --- | --- |",
        "| `__init__.py` |  |",
        "| `deep.py` |  |",
        "| `inner/x.py` | First line. |",
    ]


@pytest.mark.parametrize("page", sorted(path.name for path in ROOT.glob("docs/*.md")))
def test_the_pages_name_only_what_is_there(page):
    text = (ROOT / "docs" / page).read_text()
    assert "<!-- code: " not in code_listings.on_page_markdown(text)
    assert "<!-- files: " not in code_listings.on_page_markdown(text)
