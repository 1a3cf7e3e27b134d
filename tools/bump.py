"""Give every package of the workspace one new version, pins included.

Run `python tools/bump.py 0.2.0`. Only the version and the pins change, so that the diff is
what a reviewer expects; the changelog is for a person to write.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from workspace import ROOT, read_members

VERSION = re.compile(r"\d+\.\d+\.\d+")


def main(argv: Sequence[str] | None = None) -> int:
    """Rewrite each `pyproject.toml`; 1 and one line of reason if the version will not do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("version", help="MAJOR.MINOR.PATCH, above the present one")
    parser.add_argument("--root", type=Path, default=ROOT, help="the root of the workspace")
    options = parser.parse_args(argv)
    try:
        bump(options.root, options.version)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def bump(root: Path, version: str) -> None:
    """Write `version` and the pins on it into every package under `root`.

    Raises:
        ValueError: `version` is not of three numbers, or not above each present version.
    """
    members = read_members(root)
    present = max((member.version for member in members), key=numbers)
    if numbers(version) <= numbers(present):
        message = f"{version} is not above the present {present}"
        raise ValueError(message)
    names = [member.name for member in members]
    for member in members:
        file = member.folder / "pyproject.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(rewrite(text, names, version), encoding="utf-8")


def numbers(version: str) -> tuple[int, ...]:
    """The three numbers of a version, which order it.

    Raises:
        ValueError: it has another form.

    >>> numbers("0.10.2")
    (0, 10, 2)
    """
    if VERSION.fullmatch(version) is None:
        message = f"{version!r} is not a version of the form MAJOR.MINOR.PATCH"
        raise ValueError(message)
    return tuple(map(int, version.split(".")))


def rewrite(text: str, names: Sequence[str], version: str) -> str:
    r"""The text of a `pyproject.toml` with its version and its pins on `names` replaced.

    >>> rewrite('version = "0.1.0"\n"a[x]~=0.1.0", "b~=0.1.0"', ["a"], "0.2.0")
    'version = "0.2.0"\n"a[x]~=0.2.0", "b~=0.1.0"'
    """
    text = re.sub(r'^version = ".*"$', f'version = "{version}"', text, count=1, flags=re.MULTILINE)
    anyone = "|".join(map(re.escape, names))
    return re.sub(rf'("(?:{anyone})(?:\[[^\]]*\])?)~=[\d.]+', rf"\g<1>~={version}", text)


if __name__ == "__main__":
    sys.exit(main())
