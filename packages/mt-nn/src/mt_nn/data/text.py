"""From sentences to batches of numbers: cut into words, count the words, pad to one length.

Notation: N sentences of up to L words; V words in the vocabulary.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_nn.arguments import positive
from mt_tensor import Backend, ShapeError, Tensor, tensor

PADDING, UNKNOWN = "<padding>", "<unknown>"

_QUOTES = str.maketrans("\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}", "''")
_WORD = re.compile(r"n't\b|'(?:s|re|ve|ll|d|m)\b|[^\W_]+?(?=n't\b)|[^\W_]+|[^\w\s]|_")


def tokenize(text: str) -> list[str]:
    """Cut a text into words and signs, in lower case, as the GloVe vectors have them.

    A negation and an ending become words of their own, and so does each sign.

    >>> tokenize("It isn't Kim's; really!")
    ['it', 'is', "n't", 'kim', "'s", ';', 'really', '!']
    """
    return _WORD.findall(text.lower().translate(_QUOTES))


class Vocabulary:
    """The words that a network knows, numbered from 2: 0 is the padding, 1 any other word.

    Args:
        words: each once, in order.

    Raises:
        ValueError: a word stands twice, or has the name of the padding or of the unknown word.

    >>> vocabulary = Vocabulary(["good", "film"])
    >>> vocabulary.encode(["a", "good", "film"])
    array([1, 2, 3])
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Number the words."""
        self.words = (PADDING, UNKNOWN, *words)
        self._numbers = {word: i for i, word in enumerate(self.words)}
        if len(self._numbers) != len(self.words):
            twice = Counter(self.words).most_common(1)[0][0]
            message = f"Vocabulary: {twice!r} stands twice among {len(self.words)} words"
            raise ValueError(message)

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]], min_count: int = 1) -> "Vocabulary":
        """Collect the words of sentences, the most frequent first, equals in order of appearance.

        Args:
            sentences: each a list of words.
            min_count: leave out words that are rarer.

        Raises:
            ValueError: `min_count` is not a positive integer.
        """
        positive("Vocabulary.of", min_count=min_count)
        counts = Counter(word for sentence in sentences for word in sentence)
        return cls(word for word, count in counts.most_common() if count >= min_count)

    def __len__(self) -> int:
        """Return V: how many words there are, padding and unknown included."""
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        """Return whether a word has a number of its own."""
        return word in self._numbers

    def encode(self, sentence: Iterable[str]) -> NDArray[np.int64]:
        """Return the number of each word, shape (words,)."""
        return np.array([self._numbers.get(word, 1) for word in sentence], np.int64)

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Return the words of numbers; padding is left out.

        Raises:
            IndexError: there is no such number.
        """
        listed = [int(number) for number in numbers]
        wrong = [number for number in listed if not 0 <= number < len(self)]
        if wrong:
            message = f"Vocabulary.decode: {wrong[0]} is not a number from 0 to {len(self) - 1}"
            raise IndexError(message)
        return [self.words[number] for number in listed if number]


def pad_sequences(
    sequences: Sequence[NDArray[np.int64]], length: int | None = None, value: int = 0
) -> NDArray[np.int64]:
    """Make sequences one matrix: shorter ones are filled up at the end.

    Args:
        sequences: N of them, each of shape (words,).
        length: L; longer sequences are cut. That of the longest if None.
        value: what they are filled up with.

    Returns:
        Shape (N, L).

    Raises:
        ValueError: `length` is not a positive integer.

    >>> pad_sequences([np.array([5, 6, 7]), np.array([8])])
    array([[5, 6, 7],
           [8, 0, 0]])
    """
    if length is None:
        length = max([len(sequence) for sequence in sequences], default=0)
    else:
        positive("pad_sequences", length=length)
    out = np.full((len(sequences), length), value, np.int64)
    for row, sequence in zip(out, sequences, strict=True):
        row[: len(sequence)] = sequence[:length]
    return out


class SentenceDataset:
    """Encoded sentences with a class each; a batch is padded to its own longest sentence.

    Args:
        sentences: N arrays of numbers of words.
        classes: N integers.
        backend: where the batches are made; the default one if None.

    Raises:
        ShapeError: the lengths differ.
    """

    def __init__(
        self,
        sentences: Sequence[NDArray[np.int64]],
        classes: Sequence[int] | NDArray[Any],
        *,
        backend: str | Backend | None = None,
    ) -> None:
        """Keep both."""
        if len(sentences) != len(classes):
            message = f"SentenceDataset: {len(sentences)} sentences, but {len(classes)} classes"
            raise ShapeError(message)
        self.sentences = list(sentences)
        self.classes = np.array(classes, np.int64)
        self.backend = backend

    def __len__(self) -> int:
        """Return how many sentences there are."""
        return len(self.sentences)

    def __getitem__(self, index: int) -> tuple[NDArray[np.int64], np.int64]:
        """Return one sentence, of its own length, and its class."""
        return self.sentences[index], self.classes[index]

    def __getitems__(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Return a batch: numbers of words (N, L) and classes (N,)."""
        words = pad_sequences([self.sentences[i] for i in indices])
        batch = tensor(words, backend=self.backend)
        return batch, tensor(self.classes[indices], backend=self.backend)
