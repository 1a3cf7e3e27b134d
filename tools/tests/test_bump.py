import bump
import check_workspace
import pytest


def test_every_version_and_pin_moves_and_nothing_else(root):
    before = {file: file.read_text() for file in root.glob("packages/*/pyproject.toml")}
    assert bump.main(["0.2.0", "--root", str(root)]) == 0
    for file, text in before.items():
        assert file.read_text() == text.replace("0.1.0", "0.2.0")
    assert list(check_workspace.problems(root)) == ["CHANGELOG.md: no section for 0.2.0"]


def test_versions_that_differ_all_move_above_the_highest(root, write_member):
    write_member("mt-a", version="0.9.0")
    assert bump.main(["0.10.0", "--root", str(root)]) == 0
    assert 'version = "0.10.0"' in (root / "packages/mt-b/pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("0.1.0", "0.1.0 is not above the present 0.1.0"),
        ("0.0.9", "0.0.9 is not above the present 0.1.0"),
        ("0.2", "'0.2' is not a version of the form MAJOR.MINOR.PATCH"),
        ("1.0.0rc1", "'1.0.0rc1' is not a version of the form MAJOR.MINOR.PATCH"),
    ],
)
def test_a_version_that_will_not_do_changes_nothing(root, capsys, version, reason):
    before = [file.read_bytes() for file in sorted(root.glob("packages/*/pyproject.toml"))]
    assert bump.main([version, "--root", str(root)]) == 1
    assert capsys.readouterr().err == reason + "\n"
    assert [file.read_bytes() for file in sorted(root.glob("packages/*/pyproject.toml"))] == before


def test_numbers_order_as_numbers():
    with pytest.raises(ValueError, match=r"'1\.2' is not a version"):
        bump.numbers("1.2")
    assert bump.numbers("0.10.0") > bump.numbers("0.9.9")


def test_a_third_party_pin_and_a_later_version_line_stay():
    text = 'version = "0.1.0"\nnumpy = "numpy~=2.0"\nversion = "other"\n'
    assert bump.rewrite(text, ["mt-a"], "0.2.0") == text.replace("0.1.0", "0.2.0")
