"""Ask deptry, in each package, for imports that it does not declare and the reverse."""

import subprocess
import sys
from pathlib import Path

from workspace import ROOT, read_members


def main() -> int:
    """Run deptry in every package, all of them even after a failure; 1 if any failed."""
    failed = [member.name for member in read_members(ROOT) if not deptry_passes(member.folder)]
    if failed:
        print(f"undeclared or unused dependencies: {', '.join(failed)}")
    return 1 if failed else 0


def deptry_passes(folder: Path) -> bool:
    """Whether the sources of the package in `folder` import just what it declares."""
    print(f"{folder}:", flush=True)
    command = [sys.executable, "-m", "deptry", "src"]
    return subprocess.run(command, cwd=folder, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
