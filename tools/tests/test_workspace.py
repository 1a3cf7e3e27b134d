import pytest
from workspace import ROOT, read_members, split_requirement


def test_a_member_is_read_with_its_extras(tmp_path):
    file = tmp_path / "packages" / "mt-a" / "pyproject.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        '[project]\nname = "mt-a"\nversion = "1.2.3"\ndependencies = ["numpy>=2.0"]\n'
        '[project.optional-dependencies]\ngpu = ["mt-gpu[x]~=1.2.3"]\n'
    )
    (member,) = read_members(tmp_path)
    assert (member.name, member.version, member.folder) == ("mt-a", "1.2.3", file.parent)
    assert member.required == (("numpy", ">=2.0"),)
    assert member.requirements == (("numpy", ">=2.0"), ("mt-gpu", "~=1.2.3"))
    assert member.sources == {}


def test_a_workspace_without_packages_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"no packages.* under {tmp_path}"):
        read_members(tmp_path)


def test_this_workspace_has_its_seven_packages():
    names = {member.name for member in read_members(ROOT)}
    assert names == {
        "mt-operators",
        "mt-autodiff",
        "mt-tensor",
        "mt-fast",
        "mt-cuda",
        "mt-nn",
        "mt-course",
    }


@pytest.mark.parametrize(
    ("requirement", "parts"),
    [
        ("numpy", ("numpy", "")),
        ("numpy>=2.0,<3", ("numpy", ">=2.0,<3")),
        ("numba-cuda[cu12]; sys_platform == 'linux'", ("numba-cuda", "")),
        ("mt-tensor [fast] ~=0.1.0", ("mt-tensor", "~=0.1.0")),
    ],
)
def test_a_requirement_is_split(requirement, parts):
    assert split_requirement(requirement) == parts


def test_what_is_no_requirement_is_refused():
    with pytest.raises(ValueError, match=r"not a requirement: '>=2\.0'"):
        split_requirement(">=2.0")
