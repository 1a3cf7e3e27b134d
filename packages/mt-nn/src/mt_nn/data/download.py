"""Downloads that go on where they were broken off.

What has come so far stays in a file. The next try asks for the rest (HTTP's `Range`); a server that
cannot give it sends all again. Whether the parts fit together is for the checksum to say.
"""

import http.client
import re
import urllib.error
import urllib.request
from pathlib import Path

from mt_nn.data.cache import UnavailableError

CHUNK = 1 << 16
TRIES = 3
_DONE = 416


def download(url: str, partial: Path, *, timeout: float = 30.0) -> None:
    """Download a file, going on from what is there.

    Args:
        url: of the file; `http` or `https`.
        partial: where to write it; it stays where it is if the connection breaks.
        timeout: how many seconds to wait for the server each time.

    Raises:
        UnavailableError: the server does not answer, has no such file, or broke off each time.
        OSError: the file cannot be written.
    """
    problem = ""
    for _ in range(TRIES):
        try:
            problem = _go_on(url, partial, timeout)
        except urllib.error.HTTPError as error:
            problem = f"{error.code} {error.reason}"
            break
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
        if not problem:
            return
    kept = partial.stat().st_size if partial.exists() else 0
    hint = f"; {kept} bytes have come, and the next call goes on from there" if kept else ""
    message = f"{url}: {problem}{hint}"
    raise UnavailableError(message)


def _go_on(url: str, partial: Path, timeout: float) -> str:
    """Ask for what is missing, and return why it has not all come; nothing if it has."""
    start = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url)  # noqa: S310  the addresses are constants of this package
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        response = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code == _DONE and start:
            return _already(error, partial, start)
        raise
    with response:
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        size = _receive(response, partial, append=resumed)
    total = _total(response, start if resumed else 0)
    if total is not None and size < total:
        return f"the connection broke off after {size} of {total} bytes"
    return ""


def _receive(response: http.client.HTTPResponse, partial: Path, *, append: bool) -> int:
    """Write what comes, and return how large the file is then."""
    with partial.open("ab" if append else "wb") as file:
        while chunk := response.read(CHUNK):
            file.write(chunk)
        return file.tell()


def _total(response: http.client.HTTPResponse, start: int) -> int | None:
    length = response.headers.get("Content-Length")
    return None if length is None else start + int(length)


def _already(error: urllib.error.HTTPError, partial: Path, start: int) -> str:
    """Read a refusal to send anything beyond `start`: the file is complete, or too long."""
    total = re.fullmatch(r"bytes \*/(\d+)", error.headers.get("Content-Range", ""))
    if total and int(total[1]) == start:
        return ""
    partial.unlink()
    return f"there were {start} bytes, more than the server has"
