import check_workspace
import pytest
from workspace import ROOT

SOURCE = 'mt-a = {{ path = "{path}", editable = {editable} }}'
GOOD = SOURCE.format(path="../mt-a", editable="true")


def test_this_workspace_agrees_with_itself():
    assert list(check_workspace.problems(ROOT)) == []


def test_a_workspace_without_fault_passes(root, capsys):
    assert check_workspace.main(["--root", str(root)]) == 0
    assert capsys.readouterr().out == "the workspace agrees with itself\n"


def test_a_problem_is_printed_and_fails(root, capsys):
    (root / "CHANGELOG.md").write_text("# Changelog\n")
    assert check_workspace.main(["--root", str(root)]) == 1
    assert capsys.readouterr().out == "CHANGELOG.md: no section for 0.1.0\n"


def test_versions_must_be_equal(root, write_member):
    write_member("mt-a", version="0.2.0")
    found = list(check_workspace.problems(root))
    assert found[0] == "versions differ: mt-a 0.2.0, mt-b 0.1.0"
    assert "mt-b: requires mt-a~=0.1.0, which must be mt-a~=0.2.0" in found
    assert "CHANGELOG.md: no section for 0.2.0" in found


def test_a_folder_must_have_the_name(root, write_member):
    write_member("mt-a").unlink()
    write_member("mt-a", folder="mt-other")
    assert list(check_workspace.problems(root)) == ["mt-a: its folder is mt-other"]


@pytest.mark.parametrize("pin", ["", ">=0.1.0", "~=0.1"])
def test_a_pin_must_be_the_version(root, write_member, pin):
    write_member("mt-b", dependencies=f'"mt-a{pin}"', sources=GOOD)
    assert list(check_workspace.problems(root)) == [
        f"mt-b: requires mt-a{pin}, which must be mt-a~=0.1.0"
    ]


def test_each_pin_on_one_sibling_is_checked(root, write_member):
    write_member("mt-b", dependencies='"mt-a>=0.1.0", "mt-a[x]~=0.1.0"', sources=GOOD)
    assert list(check_workspace.problems(root)) == [
        "mt-b: requires mt-a>=0.1.0, which must be mt-a~=0.1.0"
    ]


def test_a_sibling_needs_a_source(root, write_member):
    write_member("mt-b", dependencies='"mt-a~=0.1.0"')
    assert list(check_workspace.problems(root)) == ["mt-b: mt-a is missing from tool.uv.sources"]


def test_a_source_needs_a_requirement(root, write_member):
    write_member("mt-b", sources=GOOD)
    assert list(check_workspace.problems(root)) == ["mt-b: mt-a is missing from its requirements"]


@pytest.mark.parametrize(("path", "editable"), [("../mt-c", "true"), ("../mt-a", "false")])
def test_a_source_is_the_editable_sibling(root, write_member, path, editable):
    source = SOURCE.format(path=path, editable=editable)
    write_member("mt-b", dependencies='"mt-a~=0.1.0"', sources=source)
    (problem,) = check_workspace.problems(root)
    assert problem.startswith("mt-b: the source of mt-a is {'path': ")


def test_an_extra_of_itself_needs_no_source(root, write_member):
    write_member("mt-a", dependencies='"mt-a[x]~=0.1.0"')
    assert list(check_workspace.problems(root)) == []


def test_the_matrix_holds_each_package_and_no_other(root):
    file = root / "pyproject.toml"
    file.write_text(file.read_text().replace("mt-a", "mt-z"))
    assert list(check_workspace.problems(root)) == [
        "mt-a: missing from the matrix of the environment pkg",
        "mt-z: no package, but in the matrix of the environment pkg",
    ]


def test_a_tag_of_a_package_at_its_version_passes(root):
    assert list(check_workspace.problems(root, "mt-b-v0.1.0")) == []


@pytest.mark.parametrize("tag", ["mt-b-v0.2.0", "mt-c-v0.1.0", "v0.1.0", "mt-b-0.1.0"])
def test_any_other_tag_is_refused(root, tag, capsys):
    assert check_workspace.main(["--root", str(root), "--tag", tag]) == 1
    assert capsys.readouterr().out == (
        f"{tag} publishes nothing: the tags of this tree are mt-a-v0.1.0, mt-b-v0.1.0\n"
    )
