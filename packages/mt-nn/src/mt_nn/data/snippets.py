"""Sentences from reviews of films, rated by people: are they for the film or against it?

10,605 snippets of rotten.tomatoes.com; some 15 people rated each from -4 to 4, and the mean is
kept. They are in the source archive of the package vaderSentiment, which is read, not installed.
"""

import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt_nn.data.package_index import Archive, fetch_archive
from mt_nn.data.source import Source

SNIPPETS_ARCHIVE = Archive(
    requirement="vaderSentiment==3.3.2",
    filename="vaderSentiment-3.3.2.tar.gz",
    sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
)
_INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
_TABLE = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"


@dataclass(frozen=True, slots=True)
class Snippets:
    """Sentences with what people thought of them.

    Attributes:
        texts: N sentences.
        ratings: the mean rating of each, from -4 (against the film) to 4 (for it), shape (N,).
        source: where they come from.
    """

    texts: tuple[str, ...]
    ratings: NDArray[np.float64]
    source: Source

    def __len__(self) -> int:
        """Count the sentences."""
        return len(self.texts)

    @property
    def labels(self) -> NDArray[np.int64]:
        """1 for a rating above 0, else 0; shape (N,)."""
        return (self.ratings > 0.0).astype(np.int64)

    def take(self, chosen: NDArray[np.intp]) -> "Snippets":
        """Select sentences by their ordinals."""
        texts = tuple(self.texts[i] for i in chosen)
        return replace(self, texts=texts, ratings=self.ratings[chosen])

    def polar(self) -> "Snippets":
        """Leave out sentences that are rated 0, and the second of two that are the same.

        The first have no class; the second would be learned in one part and tested in another.
        """
        first = {text: i for i, text in reversed(list(enumerate(self.texts)))}
        kept = [i for i in sorted(first.values()) if self.ratings[i] != 0.0]
        return self.take(np.array(kept, np.intp))

    def split(
        self, validation: float = 0.1, test: float = 0.1, seed: int = 0
    ) -> tuple["Snippets", "Snippets", "Snippets"]:
        """Shuffle, then part into sentences to learn from, to choose a model by, and to test on.

        Args:
            validation: the share to choose by.
            test: the share to test on.
            seed: of the shuffle. The same seed gives the same three parts.

        Raises:
            ValueError: one of the parts would be empty.
        """
        held = [int(share * len(self)) for share in (validation, test)]
        if min(held) < 1 or sum(held) >= len(self):
            message = (
                f"split: shares of {validation} to choose by and {test} to test on leave a part of "
                f"{len(self)} sentences empty"
            )
            raise ValueError(message)
        order = np.random.default_rng(seed).permutation(len(self))
        chosen, tested, learned = np.split(order, np.cumsum(held))
        return self.take(learned), self.take(chosen), self.take(tested)


def load_snippets(folder: Path | None = None) -> Snippets:
    """Read all 10,605 sentences, in the order of the file.

    The archive, 2.5 MB, comes from the cache, or else from the package index.

    Args:
        folder: the cache; `data_folder()` if None.

    Raises:
        ChecksumError: what is there is not the archive that was meant.
        UnavailableError: it is not in the cache, and there is no index.
    """
    path = fetch_archive(SNIPPETS_ARCHIVE, folder)
    source = Source(
        name="10,605 rated movie snippets",
        origin=f"vaderSentiment 3.3.2, {path}",
        licence="MIT, (c) 2016 C.J. Hutto",
        citation="Hutto and Gilbert, VADER, ICWSM 2014; after Pang and Lee, 2004",
    )
    cells = [line.split("\t") for line in _table(path)]
    ratings = np.array([float(rating) for _, rating, _ in cells])
    return Snippets(tuple(text for _, _, text in cells), ratings, source)


def _table(path: Path) -> list[str]:
    """Return the lines of the table, which is in an archive within the archive."""
    with tarfile.open(path) as outer, tarfile.open(fileobj=outer.extractfile(_INNER)) as inner:
        member = inner.extractfile(_TABLE)
        assert member is not None  # noqa: S101  the checksum says that it is there
        return member.read().decode("utf-8").rstrip("\r\n").split("\r\n")
