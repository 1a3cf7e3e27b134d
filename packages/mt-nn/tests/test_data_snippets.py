"""The movie snippets: their parts and their reader, on an archive of the same form."""

import io
import tarfile
from hashlib import sha256

import numpy as np
import pytest

from mt_nn.data import Snippets, Source, UnavailableError, load_snippets, snippets
from mt_nn.data.package_index import Archive
from mt_nn.data.snippets import SNIPPETS_ARCHIVE

TABLE = "1\t2.5\tA gem.\r\n2\t-0.6\tToo tepid\x85biopic\r\n3\t0.0\tClichés, yes\r\n"
SOURCE = Source("snippets", "nowhere", "none", "nobody")


def packed(name, content):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def corpus(ratings, texts=None):
    texts = texts or [f"sentence {i}" for i in range(len(ratings))]
    return Snippets(tuple(texts), np.array(ratings, float), SOURCE)


def test_the_reader(monkeypatch, tmp_path):
    inner = packed("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt", TABLE.encode())
    place = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
    content = packed(place, inner)
    (tmp_path / "small.tar.gz").write_bytes(content)
    small = Archive("vaderSentiment==3.3.2", "small.tar.gz", sha256(content).hexdigest())
    monkeypatch.setattr(snippets, "SNIPPETS_ARCHIVE", small)
    read = load_snippets(tmp_path)
    assert read.texts == ("A gem.", "Too tepid\x85biopic", "Clichés, yes")
    assert read.ratings.tolist() == [2.5, -0.6, 0.0]
    assert read.labels.tolist() == [1, 0, 0]
    assert len(read) == 3
    assert str(tmp_path / "small.tar.gz") in str(read.source)
    assert "licence: MIT" in str(read.source)
    assert "Hutto and Gilbert" in str(read.source)


def test_the_corpus_itself():
    try:
        read = load_snippets()
    except UnavailableError as error:
        pytest.skip(str(error))
    assert len(read) == 10605
    assert read.texts[2] == "Effective but too tepid biopic"
    assert read.ratings[2] == -0.6
    assert np.abs(read.ratings).max() <= 4.0
    assert [int((np.sign(read.ratings) == sign).sum()) for sign in (-1, 0, 1)] == [5326, 37, 5242]
    assert len(read.polar()) == 10566


def test_the_checksum_is_one():
    assert len(bytes.fromhex(SNIPPETS_ARCHIVE.sha256)) == 32
    assert not SNIPPETS_ARCHIVE.is_wheel


def test_polar_leaves_out_neutral_sentences_and_second_copies():
    found = corpus([1.0, 0.0, -0.5, -1.0, 2.0], ["a", "b", "c", "a", "d"]).polar()
    assert found.texts == ("a", "c", "d")
    assert found.ratings.tolist() == [1.0, -0.5, 2.0]
    assert found.labels.tolist() == [1, 0, 1]


def test_take_keeps_texts_and_ratings_together():
    part = corpus([1.0, 2.0, 3.0]).take(np.array([2, 0]))
    assert part.texts == ("sentence 2", "sentence 0")
    assert part.ratings.tolist() == [3.0, 1.0]
    assert part.source is SOURCE


def test_a_split_has_each_sentence_once_and_a_seed_decides_it():
    whole = corpus(np.arange(1.0, 51.0))
    parts = whole.split(validation=0.2, test=0.1, seed=3)
    assert [len(part) for part in parts] == [35, 10, 5]
    together = np.concatenate([part.ratings for part in parts])
    assert sorted(together) == list(whole.ratings)
    for part in parts:
        assert part.texts == tuple(f"sentence {int(rating) - 1}" for rating in part.ratings)
    again = whole.split(validation=0.2, test=0.1, seed=3)
    assert [p.texts for p in again] == [p.texts for p in parts]
    assert whole.split(validation=0.2, test=0.1, seed=4)[2].texts != parts[2].texts


@pytest.mark.parametrize(("validation", "test"), [(0.0, 0.1), (0.1, 0.05), (0.5, 0.5), (0.9, 0.1)])
def test_a_part_that_would_be_empty(validation, test):
    with pytest.raises(ValueError, match=rf"shares of {validation} .* and {test} .* 10 sentences"):
        corpus(np.ones(10)).split(validation, test)
