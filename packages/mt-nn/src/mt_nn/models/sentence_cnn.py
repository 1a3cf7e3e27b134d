"""Kim's network for sentences: what matters is which short phrases occur, wherever they do.

Notation: N sentences of L words, V words in the vocabulary, E numbers for each word, C channels.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mt_nn.functional import log_softmax
from mt_nn.layers import Conv1d, Dropout, Embedding, Linear, ModuleList
from mt_operators import Module
from mt_tensor import Backend, Generator, ShapeError, Tensor, cat, tensor


class SentenceCNN(Module):
    """Classify sentences by the phrases of 3, 4 and 5 words that are in them.

    Each kernel looks for a phrase, and only its best match in the sentence counts. A sentence is
    padded by a whole kernel on both sides, so that every one has a window without a word: how much
    padding follows it in a batch then makes no difference.

    Args:
        vocabulary: how many words there are; word 0 is the padding.
        embedding_dim: numbers for each word.
        classes: how many there are.
        channels: kernels of each width.
        widths: how many words a kernel reads.
        dropout: the probability that a word's number, or a feature, is silenced in training.
        vectors: what the words are at first, shape (V, E); random if None.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where the initial values come from, and what dropout silences.

    Raises:
        ShapeError: `vectors` is not (V, E).

    Source: Kim, Convolutional neural networks for sentence classification, 2014.
    """

    def __init__(  # noqa: PLR0913
        self,
        vocabulary: int,
        embedding_dim: int = 50,
        classes: int = 2,
        *,
        channels: int = 100,
        widths: Sequence[int] = (3, 4, 5),
        dropout: float = 0.5,
        vectors: "np.ndarray[Any, Any] | None" = None,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial weights."""
        home: dict[str, Any] = {"backend": backend, "dtype": dtype, "generator": generator}
        self.embedding = Embedding(vocabulary, embedding_dim, padding_idx=0, **home)
        if vectors is not None:
            self._start_from(vectors)
        self.convolutions = ModuleList(
            Conv1d(embedding_dim, channels, width, padding=width, **home) for width in widths
        )
        self.dropout = Dropout(dropout, generator=generator)
        self.output = Linear(channels * len(widths), classes, **home)

    def forward(self, words: Tensor) -> Tensor:
        """Map numbers of words (N, L) to logarithms of probabilities (N, classes)."""
        x = self.dropout(self.embedding(words)).permute(0, 2, 1)
        matches = [conv(x).max(dim=2, keepdim=False) for conv in self.convolutions]
        # The best match after ReLU is ReLU of the best match: one number instead of one for each
        # word, and the same gradient.
        features = cat(matches, dim=1).relu()
        return log_softmax(self.output(self.dropout(features)), dim=1)

    def _start_from(self, vectors: "np.ndarray[Any, Any]") -> None:
        table = self.embedding.weight.value
        if np.shape(vectors) != table.shape:
            message = f"SentenceCNN: vectors is {np.shape(vectors)}; it must be {table.shape}"
            raise ShapeError(message)
        rows = np.array(vectors)
        rows[0] = 0.0  # The padding says nothing, and it gets no gradient.
        self.embedding.weight.update(tensor(rows, dtype=table.dtype, backend=table.backend))
