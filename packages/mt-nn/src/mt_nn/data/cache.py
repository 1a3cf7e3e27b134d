"""Files from elsewhere, kept in one folder; each is known by its SHA-256 checksum.

A file stands in the folder under its name only once its checksum was found right, so what a broken
connection leaves is never taken for it.
"""

import os
import tempfile
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

from platformdirs import user_cache_path


class ChecksumError(ValueError):
    """A file is not the one that was meant: it is damaged, cut short, or another one."""


class UnavailableError(OSError):
    """A file is neither in the cache nor to be had."""


def data_folder() -> Path:
    """Return where files are kept: `MT_DATA`, or else a folder in the user's cache."""
    chosen = os.environ.get("MT_DATA")
    return Path(chosen) if chosen else user_cache_path("minitorch")


def verify(path: Path, sha256: str) -> None:
    """Compare a file with its checksum.

    Raises:
        ChecksumError: they differ.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found != sha256:
        size = path.stat().st_size
        message = f"{path} has {size} bytes and SHA-256 {found}, not {sha256}"
        raise ChecksumError(message)


def cached(
    filename: str,
    sha256: str,
    fetch: Callable[[Path], None],
    folder: Path | None = None,
) -> Path:
    """Return a file of the cache, fetched first where it is not there.

    Args:
        filename: its name in the cache.
        sha256: its checksum.
        fetch: writes it to the path that it is given.
        folder: the cache; `data_folder()` if None.

    Raises:
        ChecksumError: the file is not the one that was meant. A damaged one is removed from the
            cache, so that the next call fetches it again.
        UnavailableError: it cannot be fetched.
        OSError: the folder cannot be written to.
    """
    path = (folder or data_folder()) / filename
    if path.exists():
        _verify_or_remove(path, sha256)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=path.parent) as scratch:
        fetched = Path(scratch) / filename
        fetch(fetched)
        verify(fetched, sha256)
        fetched.replace(path)
    return path


def _verify_or_remove(path: Path, sha256: str) -> None:
    try:
        verify(path, sha256)
    except ChecksumError as error:
        path.unlink()
        message = f"{error}; it is removed, and the next call fetches it again"
        raise ChecksumError(message) from None
