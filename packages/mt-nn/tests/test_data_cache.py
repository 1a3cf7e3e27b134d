from hashlib import sha256

import pytest

from mt_nn.data import ChecksumError, UnavailableError, data_folder
from mt_nn.data.cache import cached, verify

CONTENT = b"the right content"
CHECKSUM = sha256(CONTENT).hexdigest()


class Fetching:
    """Writes a content, and counts how often it is asked to."""

    def __init__(self, content=CONTENT):
        self.content = content
        self.calls = 0

    def __call__(self, target):
        self.calls += 1
        target.write_bytes(self.content)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_fetched_once(tmp_path):
    folder, fetch = tmp_path / "new" / "cache", Fetching()
    for _ in range(2):
        path = cached("data.bin", CHECKSUM, fetch, folder)
        assert path == folder / "data.bin"
        assert path.read_bytes() == CONTENT
    assert fetch.calls == 1
    assert names(folder) == ["data.bin"]


@pytest.mark.parametrize("content", [CONTENT[:-1], b"", CONTENT + b"!", b"another file"])
def test_a_wrong_file_never_gets_into_the_cache(tmp_path, content):
    wrong = sha256(content).hexdigest()
    with pytest.raises(ChecksumError, match=rf"{len(content)} bytes.*{wrong}, not {CHECKSUM}"):
        cached("data.bin", CHECKSUM, Fetching(content), tmp_path)
    assert names(tmp_path) == []
    assert cached("data.bin", CHECKSUM, Fetching(), tmp_path).read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_removed_and_the_next_call_fetches(tmp_path):
    (tmp_path / "data.bin").write_bytes(CONTENT[:5])
    fetch = Fetching()
    wrong = sha256(CONTENT[:5]).hexdigest()
    with pytest.raises(ChecksumError, match=rf"5 bytes.*{wrong}, not {CHECKSUM}; it is removed"):
        cached("data.bin", CHECKSUM, fetch, tmp_path)
    assert fetch.calls == 0
    assert names(tmp_path) == []
    assert cached("data.bin", CHECKSUM, fetch, tmp_path).read_bytes() == CONTENT


def test_a_fetch_that_fails_leaves_nothing(tmp_path):
    def fetch(target):
        target.write_bytes(CONTENT[:3])
        message = "the line is dead"
        raise UnavailableError(message)

    with pytest.raises(OSError, match="the line is dead"):
        cached("data.bin", CHECKSUM, fetch, tmp_path)
    assert names(tmp_path) == []


def test_the_folder_is_the_users_or_the_one_they_chose(monkeypatch, tmp_path):
    monkeypatch.setenv("MT_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert cached("data.bin", CHECKSUM, Fetching()) == tmp_path / "data.bin"
    monkeypatch.setenv("MT_DATA", "")
    assert data_folder().name == "minitorch"
    assert data_folder().is_absolute()


def test_verify_reads_the_file(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(CONTENT)
    verify(path, CHECKSUM)
    with pytest.raises(ChecksumError, match=CHECKSUM + ", not 00"):
        verify(path, "00")
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "other", CHECKSUM)
