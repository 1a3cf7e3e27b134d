from collections.abc import Callable
from pathlib import Path

import pytest

MEMBER = """\
[project]
name = "{name}"
version = "{version}"
dependencies = [{dependencies}]

[tool.uv.sources]
{sources}
"""
ROOT = """\
[[tool.hatch.envs.pkg.matrix]]
package = ["mt-a", "mt-b"]
"""
SOURCE = 'mt-a = { path = "../mt-a", editable = true }'


@pytest.fixture
def root(tmp_path: Path, write_member: Callable[..., Path]) -> Path:
    """Two packages, of which mt-b requires mt-a, without a fault."""
    (tmp_path / "pyproject.toml").write_text(ROOT)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0 (unreleased)\n")
    write_member("mt-a")
    write_member("mt-b", dependencies='"mt-a~=0.1.0", "numpy>=2.0"', sources=SOURCE)
    return tmp_path


@pytest.fixture
def write_member(tmp_path: Path) -> Callable[..., Path]:
    def write(
        name: str,
        *,
        folder: str | None = None,
        version: str = "0.1.0",
        dependencies: str = "",
        sources: str = "",
    ) -> Path:
        file = tmp_path / "packages" / (folder or name) / "pyproject.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            MEMBER.format(name=name, version=version, dependencies=dependencies, sources=sources)
        )
        return file

    return write
