"""The packages of this workspace, read from their `pyproject.toml` files.

Notation: a *member* is one package of the workspace, a *sibling* is another member that it
declares, a *pin* is the version specifier that it declares the sibling with.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(?:\[[^\]]*\])?\s*(?P<pin>[^;\s]*)")


@dataclass(frozen=True, slots=True)
class Member:
    """One package, by what its `pyproject.toml` says.

    Attributes:
        folder: the folder that holds the `pyproject.toml`.
        name: the name of the distribution.
        version: its version, as written.
        required: `(name, pin)` of each requirement without extras chosen.
        requirements: `(name, pin)` of each requirement, those of the extras included.
        sources: the table `tool.uv.sources`.
    """

    folder: Path
    name: str
    version: str
    required: tuple[tuple[str, str], ...]
    requirements: tuple[tuple[str, str], ...]
    sources: Mapping[str, Mapping[str, Any]]


def read_members(root: Path) -> list[Member]:
    """Every package under `root/packages`, by name.

    Args:
        root: the root of the workspace.

    Raises:
        FileNotFoundError: no package is there.
    """
    files = sorted(root.glob("packages/*/pyproject.toml"))
    if not files:
        message = f"no packages/*/pyproject.toml under {root}"
        raise FileNotFoundError(message)
    return [read_member(file) for file in files]


def read_member(file: Path) -> Member:
    """The package that one `pyproject.toml` describes."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    project = table["project"]
    return Member(
        folder=file.parent,
        name=project["name"],
        version=project["version"],
        required=tuple(map(split_requirement, project.get("dependencies", []))),
        requirements=tuple(map(split_requirement, declared(project))),
        sources=table.get("tool", {}).get("uv", {}).get("sources", {}),
    )


def declared(project: Mapping[str, Any]) -> Iterator[str]:
    """Each requirement of a `[project]` table, those of the extras last."""
    yield from project.get("dependencies", [])
    for requirements in project.get("optional-dependencies", {}).values():
        yield from requirements


def split_requirement(requirement: str) -> tuple[str, str]:
    """The name and the version specifier of a requirement.

    Raises:
        ValueError: the requirement does not begin with a name.

    >>> split_requirement("mt-fast[extra]~=0.1.0; sys_platform == 'linux'")
    ('mt-fast', '~=0.1.0')
    """
    match = REQUIREMENT.match(requirement)
    if match is None:
        message = f"not a requirement: {requirement!r}"
        raise ValueError(message)
    return match["name"], match["pin"]
