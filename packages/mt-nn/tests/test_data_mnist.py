"""MNIST and Fashion-MNIST, from small files that a server on this machine has."""

import gzip
import struct
import threading
from dataclasses import replace
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from mt_nn.data import (
    FASHION_MNIST,
    MNIST,
    ChecksumError,
    IdxError,
    UnavailableError,
    load_collection,
)
from mt_nn.data.mnist import TEST_FILES, TRAIN_FILES

RNG = np.random.default_rng(0)
ARRAYS = {
    TRAIN_FILES[0]: RNG.integers(0, 256, (5, 28, 28), np.uint8),
    TRAIN_FILES[1]: np.array([5, 0, 4, 1, 9], np.uint8),
    TEST_FILES[0]: RNG.integers(0, 256, (2, 28, 28), np.uint8),
    TEST_FILES[1]: np.array([7, 2], np.uint8),
}


def packed(array):
    sizes = b"".join(struct.pack(">I", n) for n in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes(), mtime=0)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def there(tmp_path):
    """A folder that a server on this machine gives away, with four files."""
    folder = tmp_path / "there"
    folder.mkdir()
    for name, array in ARRAYS.items():
        (folder / name).write_bytes(packed(array))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def small(there):
    checksums = {name: sha256(packed(array)).hexdigest() for name, array in ARRAYS.items()}
    return replace(MNIST, mirrors=(there[1],), checksums=checksums)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_four_files_make_two_parts(small, tmp_path):
    train, test = load_collection(small, tmp_path)
    assert (len(train), len(test)) == (5, 2)
    np.testing.assert_array_equal(train.images, ARRAYS[TRAIN_FILES[0]], strict=True)
    np.testing.assert_array_equal(test.labels, ARRAYS[TEST_FILES[1]], strict=True)
    assert train.classes == tuple("0123456789")
    assert names(tmp_path / "mnist") == sorted(ARRAYS)
    part = train.take(np.array([4, 0]))
    assert part.labels.tolist() == [9, 5]
    np.testing.assert_array_equal(part.images, train.images[[4, 0]])


def test_the_source_is_said(small, tmp_path):
    shown = str(load_collection(small, tmp_path)[1].source)
    assert shown.startswith("2 pictures of mnist, from ")
    for fact in (str(tmp_path / "mnist" / TEST_FILES[0]), "licence: CC BY-SA 3.0", "LeCun"):
        assert fact in shown


def test_the_second_time_nobody_is_asked(small, tmp_path):
    load_collection(small, tmp_path)
    offline = replace(small, mirrors=())
    assert len(load_collection(offline, tmp_path)[0]) == 5


def test_the_second_mirror_is_asked_where_the_first_has_nothing(small, tmp_path):
    two = replace(small, mirrors=(small.mirrors[0] + "nothing/", *small.mirrors))
    assert len(load_collection(two, tmp_path)[0]) == 5


def test_without_a_mirror_it_says_where_to_put_the_file(small, tmp_path):
    nowhere = replace(small, mirrors=(small.mirrors[0] + "nothing/",))
    with pytest.raises(
        UnavailableError,
        match=rf"{TRAIN_FILES[0]} of mnist is not to be had: .* 404 .*; without a network, put it "
        rf"into {tmp_path / 'mnist'}",
    ):
        load_collection(nowhere, tmp_path)


def test_a_file_that_was_changed_does_not_get_into_the_cache(small, there, tmp_path):
    (there[0] / TRAIN_FILES[1]).write_bytes(b"another")
    found = sha256(b"another").hexdigest()
    with pytest.raises(ChecksumError, match=f"{found}, not {small.checksums[TRAIN_FILES[1]]}"):
        load_collection(small, tmp_path)
    assert names(tmp_path / "mnist") == [TRAIN_FILES[0]]
    (there[0] / TRAIN_FILES[1]).write_bytes(packed(ARRAYS[TRAIN_FILES[1]]))
    assert len(load_collection(small, tmp_path)[0]) == 5


def test_a_damaged_file_in_the_cache_is_fetched_again_the_next_time(small, tmp_path):
    load_collection(small, tmp_path)
    path = tmp_path / "mnist" / TEST_FILES[0]
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ChecksumError, match="it is removed, and the next call fetches it again"):
        load_collection(small, tmp_path)
    np.testing.assert_array_equal(load_collection(small, tmp_path)[1].images, ARRAYS[TEST_FILES[0]])


def test_what_came_before_is_gone_on_with(small, tmp_path):
    """This server cannot resume; what is left of an earlier try must do no harm."""
    home = tmp_path / "mnist"
    home.mkdir()
    (home / f"{TRAIN_FILES[0]}.partial").write_bytes(packed(ARRAYS[TRAIN_FILES[0]])[:100])
    assert len(load_collection(small, tmp_path)[0]) == 5
    assert names(home) == sorted(ARRAYS)


def test_other_pictures_than_labels(small, there, tmp_path):
    content = packed(np.zeros(4, np.uint8))
    (there[0] / TRAIN_FILES[1]).write_bytes(content)
    wrong = small.checksums | {TRAIN_FILES[1]: sha256(content).hexdigest()}
    with pytest.raises(IdxError, match=f"{TRAIN_FILES[0]} has 5 pictures, but {TRAIN_FILES[1]} 4"):
        load_collection(replace(small, checksums=wrong), tmp_path)


@pytest.mark.parametrize("collection", [MNIST, FASHION_MNIST], ids=lambda c: c.name)
def test_a_collection_is_complete(collection):
    assert len(set(collection.classes)) == 10
    assert collection.checksums.keys() == set(ARRAYS)
    assert all(len(bytes.fromhex(c)) == 32 for c in collection.checksums.values())
    assert all(mirror.endswith("/") for mirror in collection.mirrors)


@pytest.mark.parametrize("collection", [MNIST, FASHION_MNIST], ids=lambda c: c.name)
def test_the_collection_itself_where_it_can_be_had(collection):
    try:
        train, test = load_collection(collection)
    except UnavailableError as error:
        pytest.skip(str(error))
    assert (train.images.shape, test.images.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert np.bincount(test.labels).min() > 800
