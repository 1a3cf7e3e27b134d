import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mt_tensor as mt
from mt_nn import DataLoader
from mt_nn.data import SentenceDataset, Vocabulary, pad_sequences, tokenize

WORDS = st.lists(st.text("abcde", min_size=1, max_size=3), max_size=8)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n", []),
        ("Good film", ["good", "film"]),
        ("good.film,good", ["good", ".", "film", ",", "good"]),
        ("isn't DON'T can't", ["is", "n't", "do", "n't", "ca", "n't"]),
        (
            "it's they're we've I'll he'd I'm",
            ["it", "'s", "they", "'re", "we", "'ve", "i", "'ll", "he", "'d", "i", "'m"],
        ),
        ("it\N{RIGHT SINGLE QUOTATION MARK}s", ["it", "'s"]),
        ("'stock' ''up''", ["'", "stock", "'", "'", "'", "up", "'", "'"]),
        ("o'brien's", ["o", "'", "brien", "'s"]),
        ("n't ant can", ["n't", "ant", "can"]),
        ("cliché 1990s 3_d", ["cliché", "1990s", "3", "_", "d"]),
        ("...!", [".", ".", ".", "!"]),
    ],
)
def test_words_and_signs(text, words):
    assert tokenize(text) == words


@given(st.text())
def test_nothing_but_white_space_is_lost(text):
    kept = re.sub(r"\s", "", text.lower()).replace("\u2018", "'").replace("\u2019", "'")
    assert "".join(tokenize(text)) == kept


@given(st.text())
def test_cutting_words_again_changes_nothing(text):
    once = tokenize(text)
    assert tokenize(" ".join(once)) == once


def test_numbers_start_after_padding_and_unknown():
    vocabulary = Vocabulary(["good", "film"])
    assert len(vocabulary) == 4
    assert vocabulary.words == ("<padding>", "<unknown>", "good", "film")
    numbers = vocabulary.encode(["film", "bad", "good"])
    np.testing.assert_array_equal(numbers, np.array([3, 1, 2]), strict=True)
    assert vocabulary.decode([3, 1, 2, 0, 0]) == ["film", "<unknown>", "good"]
    assert "good" in vocabulary
    assert "bad" not in vocabulary


def test_nothing_is_encoded_as_an_array_of_integers():
    assert Vocabulary([]).encode([]).dtype == np.int64


def test_frequent_words_come_first_and_equals_in_order():
    sentences = [["b", "a"], ["c", "a"], ["c", "d", "a"]]
    assert Vocabulary.of(sentences).words[2:] == ("a", "c", "b", "d")
    assert Vocabulary.of(sentences, min_count=2).words[2:] == ("a", "c")
    assert Vocabulary.of(iter(sentences), min_count=4).words[2:] == ()


@given(st.lists(WORDS, max_size=5))
def test_what_is_collected_is_read_back(sentences):
    vocabulary = Vocabulary.of(sentences)
    for sentence in sentences:
        assert vocabulary.decode(vocabulary.encode(sentence)) == sentence


@pytest.mark.parametrize("words", [["a", "b", "a"], ["<padding>"], ["<unknown>"]])
def test_a_word_that_stands_twice(words):
    with pytest.raises(ValueError, match=rf"'{words[0]}' stands twice among {len(words) + 2}"):
        Vocabulary(words)


@pytest.mark.parametrize("number", [-1, 4])
def test_a_number_without_a_word(number):
    with pytest.raises(IndexError, match=rf"decode: {number} is not a number from 0 to 3"):
        Vocabulary(["good", "film"]).decode([2, number])


@pytest.mark.parametrize("count", [0, -1, 1.5])
def test_a_count_that_is_none(count):
    with pytest.raises(ValueError, match=f"Vocabulary.of: min_count must be .* not {count}"):
        Vocabulary.of([["a"]], min_count=count)


def test_padding_to_the_longest():
    padded = pad_sequences([np.array([5, 6, 7]), np.array([8]), np.array([], np.int64)])
    np.testing.assert_array_equal(padded, [[5, 6, 7], [8, 0, 0], [0, 0, 0]])
    assert padded.dtype == np.int64


def test_padding_to_a_length_with_a_value():
    padded = pad_sequences([np.array([5, 6, 7]), np.array([8])], length=2, value=9)
    np.testing.assert_array_equal(padded, [[5, 6], [8, 9]])


def test_padding_nothing():
    assert pad_sequences([]).shape == (0, 0)
    assert pad_sequences([], length=3).shape == (0, 3)


@pytest.mark.parametrize("length", [0, -2, 2.0])
def test_a_length_that_is_none(length):
    with pytest.raises(ValueError, match=f"pad_sequences: length must be .* not {length}"):
        pad_sequences([np.array([1])], length=length)


def test_a_batch_is_padded_to_its_own_longest(backend):
    sentences = [np.arange(2, 2 + n) for n in (1, 4, 2, 3)]
    data = SentenceDataset(sentences, [0, 1, 1, 0])
    assert len(data) == 4
    (first, last) = DataLoader(data, 2)
    for words, classes in (first, last):
        assert words.backend.name == classes.backend.name == backend
        assert words.dtype == classes.dtype == mt.int64
    assert first[0].tolist() == [[2, 0, 0, 0], [2, 3, 4, 5]]
    assert last[0].tolist() == [[2, 3, 0], [2, 3, 4]]
    assert first[1].tolist() + last[1].tolist() == [0, 1, 1, 0]


def test_a_sample_has_its_own_length_and_threads_read_batches_too():
    data = SentenceDataset([np.array([2]), np.array([3, 4])], np.array([1, 0]))
    words, label = data[1]
    assert (words.tolist(), label) == ([3, 4], 0)
    batches = [words.tolist() for words, _ in DataLoader(data, 1, num_workers=2)]
    assert batches == [[[2]], [[3, 4]]]


def test_it_says_where_the_batches_go():
    data = SentenceDataset([np.array([2])], [1], backend="simple")
    (batch,) = DataLoader(data, 1)
    assert [t.backend.name for t in batch] == ["simple", "simple"]


def test_other_classes_than_sentences():
    with pytest.raises(mt.ShapeError, match="2 sentences, but 1 classes"):
        SentenceDataset([np.array([2]), np.array([3])], [1])
