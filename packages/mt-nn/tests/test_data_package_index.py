"""What pip fetches, from a folder that stands for the index; no test needs the network."""

import io
import tarfile
import zipfile
from hashlib import sha256

import pytest

from mt_nn.data import ChecksumError, UnavailableError, package_index
from mt_nn.data.package_index import Archive, fetch_archive

NAME = "mt_words_for_tests-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: mt-words-for-tests\nVersion: 1.0\n"
SOURCES = "mt_words_for_tests-1.0.tar.gz"
PROJECT = """
[build-system]
requires = []
build-backend = "leaves_a_mark"
backend-path = ["."]
[project]
name = "mt-words-for-tests"
version = "1.0"
"""
BACKEND = """
import pathlib
def prepare_metadata_for_build_wheel(folder, settings=None):
    pathlib.Path({mark!r}).touch()
    home = pathlib.Path(folder, "mt_words_for_tests-1.0.dist-info")
    home.mkdir()
    (home / "METADATA").write_text({metadata!r})
    return home.name
def build_wheel(*_):
    raise NotImplementedError
"""


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder with one wheel, which pip looks into and nowhere else."""
    pytest.importorskip("pip")
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / NAME, "w") as wheel:
        wheel.writestr("mt_words_for_tests/words.txt", "good film")
        wheel.writestr("mt_words_for_tests-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("mt_words_for_tests-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        wheel.writestr("mt_words_for_tests-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def archive(checksum, requirement="mt-words-for-tests==1.0"):
    return Archive(requirement, NAME, checksum)


def test_an_archive_is_fetched_and_kept(index, cache):
    content = (index / NAME).read_bytes()
    wanted = archive(sha256(content).hexdigest())
    path = fetch_archive(wanted, cache)
    assert path == cache / NAME
    assert path.read_bytes() == content
    assert list(cache.iterdir()) == [path]
    (index / NAME).unlink()
    assert fetch_archive(wanted, cache) == path


def test_another_archive_of_that_name_is_refused(index, cache):
    found = sha256((index / NAME).read_bytes()).hexdigest()
    with pytest.raises(
        ChecksumError, match=f"{NAME}: the index has SHA-256 {found}, not {'0' * 64}"
    ):
        fetch_archive(archive("0" * 64), cache)
    assert list(cache.iterdir()) == []


def test_a_truncated_archive_is_refused(index, cache):
    content = (index / NAME).read_bytes()
    (index / NAME).write_bytes(content[:100])
    found = sha256(content[:100]).hexdigest()
    wanted = sha256(content).hexdigest()
    with pytest.raises(ChecksumError, match=f"SHA-256 {found}, not {wanted}"):
        fetch_archive(archive(wanted), cache)
    assert list(cache.iterdir()) == []


@pytest.fixture
def mark(index, tmp_path):
    """Put a source archive into the index whose code, where it is run, writes this file."""
    mark = tmp_path / "mark"
    backend = BACKEND.format(mark=str(mark), metadata=METADATA)
    with tarfile.open(index / SOURCES, "w:gz") as sources:
        for name, text in {
            "PKG-INFO": METADATA,
            "pyproject.toml": PROJECT,
            "leaves_a_mark.py": backend,
        }.items():
            info = tarfile.TarInfo(f"mt_words_for_tests-1.0/{name}")
            info.size = len(text)
            sources.addfile(info, io.BytesIO(text.encode()))
    return mark


def test_a_source_archive_is_fetched_and_not_its_wheel(index, cache, mark):
    content = (index / SOURCES).read_bytes()
    wanted = Archive("mt-words-for-tests==1.0", SOURCES, sha256(content).hexdigest())
    assert fetch_archive(wanted, cache).read_bytes() == content
    assert [path.name for path in cache.iterdir()] == [SOURCES]
    assert mark.exists(), "pip asks the archive for its name, so the next test tests something"


@pytest.mark.usefixtures("index")
def test_nothing_of_another_source_archive_is_run(cache, mark):
    with pytest.raises(ChecksumError, match=f"{SOURCES}: the index has SHA-256"):
        fetch_archive(Archive("mt-words-for-tests==1.0", SOURCES, "0" * 64), cache)
    assert not mark.exists()


@pytest.mark.usefixtures("index")
def test_an_index_without_it(cache):
    wanted = archive("0" * 64, "mt-no-such-package==1.0")
    with pytest.raises(
        UnavailableError,
        match=rf"{NAME} of mt-no-such-package==1.0 is not to be had: pip says: No matching "
        rf"distribution.*; without an index, put that file into .*cache",
    ):
        fetch_archive(wanted, cache)
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("index")
def test_a_pip_that_fails_without_a_word(monkeypatch, cache):
    monkeypatch.setattr(package_index.sys, "executable", "false")
    with pytest.raises(UnavailableError, match="is not to be had: pip says: status 1; without"):
        fetch_archive(archive("0" * 64), cache)


def test_an_environment_without_pip(monkeypatch, cache):
    monkeypatch.setattr(package_index, "find_spec", lambda _: None)
    with pytest.raises(UnavailableError, match="pip is not installed in this environment; without"):
        fetch_archive(archive("0" * 64), cache)


def test_a_file_that_the_user_put_there_needs_no_pip(monkeypatch, cache):
    monkeypatch.setattr(package_index, "find_spec", lambda _: None)
    cache.mkdir()
    (cache / NAME).write_bytes(b"by hand")
    checksum = sha256(b"by hand").hexdigest()
    assert fetch_archive(archive(checksum), cache) == cache / NAME
