"""Check what no other tool sees: that the packages agree with one another.

Run `python tools/check_workspace.py`, or with `--tag mt-tensor-v0.1.0` to ask as well whether
that tag may publish that package. Each disagreement is one line; the exit status is 1 if any.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from workspace import ROOT, Member, read_members


def main(argv: Sequence[str] | None = None) -> int:
    """Print each problem of the workspace; 1 if there is any, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--root", type=Path, default=ROOT, help="the root of the workspace")
    parser.add_argument("--tag", help="a release tag, mt-NAME-vVERSION")
    options = parser.parse_args(argv)
    found = list(problems(options.root, options.tag))
    print("\n".join(found) or "the workspace agrees with itself")
    return 1 if found else 0


def problems(root: Path, tag: str | None = None) -> Iterator[str]:
    """Each disagreement in the workspace at `root`, and each reason to refuse `tag`."""
    members = read_members(root)
    yield from version_problems(members)
    for member in members:
        yield from folder_problems(member)
        yield from sibling_problems(member, members)
    yield from root_problems(root, members)
    yield from changelog_problems(root, members)
    if tag is not None:
        yield from tag_problems(members, tag)


def version_problems(members: Sequence[Member]) -> Iterator[str]:
    """All packages have one version: they are released together."""
    if len({member.version for member in members}) > 1:
        yield "versions differ: " + ", ".join(f"{m.name} {m.version}" for m in members)


def folder_problems(member: Member) -> Iterator[str]:
    """A package lies in a folder of its name."""
    if member.folder.name != member.name:
        yield f"{member.name}: its folder is {member.folder.name}"


def sibling_problems(member: Member, members: Sequence[Member]) -> Iterator[str]:
    """Siblings are pinned to their version, and found in the workspace during development."""
    versions = {other.name: other.version for other in members}
    siblings = {name: pin for name, pin in member.requirements if name in versions}
    for name, pin in member.requirements:
        if name in versions and pin != f"~={versions[name]}":
            yield f"{member.name}: requires {name}{pin}, which must be {name}~={versions[name]}"
    for name in sorted((siblings.keys() - {member.name}) ^ member.sources.keys()):
        place = "tool.uv.sources" if name in siblings else "its requirements"
        yield f"{member.name}: {name} is missing from {place}"
    for name, source in member.sources.items():
        if source != {"path": f"../{name}", "editable": True}:
            yield f"{member.name}: the source of {name} is {dict(source)}"


def root_problems(root: Path, members: Sequence[Member]) -> Iterator[str]:
    """The matrix that tests each package alone holds each package."""
    table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    (matrix,) = table["tool"]["hatch"]["envs"]["pkg"]["matrix"]
    names = {member.name for member in members}
    for name in sorted(names ^ set(matrix["package"])):
        where = "missing from" if name in names else "no package, but in"
        yield f"{name}: {where} the matrix of the environment pkg"


def changelog_problems(root: Path, members: Sequence[Member]) -> Iterator[str]:
    """The changelog has a section for the version."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = {line.split()[1] for line in text.splitlines() if line.startswith("## ")}
    for version in sorted({member.version for member in members} - headings):
        yield f"CHANGELOG.md: no section for {version}"


def tag_problems(members: Sequence[Member], tag: str) -> Iterator[str]:
    """A release tag names one package, at the version that it has."""
    tags = {f"{member.name}-v{member.version}" for member in members}
    if tag not in tags:
        yield f"{tag} publishes nothing: the tags of this tree are {', '.join(sorted(tags))}"


if __name__ == "__main__":
    sys.exit(main())
