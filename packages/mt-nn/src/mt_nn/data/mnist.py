"""MNIST and Fashion-MNIST: 70,000 pictures each, of 28 x 28 pixels, in ten classes.

The first shows handwritten digits, the second pieces of clothing, which are harder to tell apart.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt_nn.data.cache import UnavailableError, cached, data_folder
from mt_nn.data.download import download
from mt_nn.data.idx import IdxError, read_idx
from mt_nn.data.source import Source

TRAIN_FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
TEST_FILES = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")


@dataclass(frozen=True, slots=True)
class Collection:
    """Four files that hold pictures and classes, to learn from and to test on.

    Attributes:
        name: what they are, and their folder in the cache.
        classes: what the ten classes are called.
        mirrors: where they may be had, each with all four.
        checksums: the SHA-256 of each file, by its name.
        licence: how they may be used.
        citation: whom to name.
    """

    name: str
    classes: tuple[str, ...]
    mirrors: tuple[str, ...]
    checksums: dict[str, str]
    licence: str
    citation: str


MNIST = Collection(
    name="mnist",
    classes=tuple("0123456789"),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    checksums={
        TRAIN_FILES[0]: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        TRAIN_FILES[1]: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        TEST_FILES[0]: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        TEST_FILES[1]: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
    licence="CC BY-SA 3.0, as is commonly stated",
    citation="LeCun, Bottou, Bengio and Haffner, 1998",
)
FASHION_MNIST = Collection(
    name="fashion-mnist",
    classes=(
        *("T-shirt", "trousers", "pullover", "dress", "coat"),
        *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
    ),
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    checksums={
        TRAIN_FILES[0]: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        TRAIN_FILES[1]: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        TEST_FILES[0]: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        TEST_FILES[1]: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
    licence="MIT, (c) 2017 Zalando SE",
    citation="Xiao, Rasul and Vollgraf, Fashion-MNIST, 2017",
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures with what they show.

    Attributes:
        images: bytes, 0 for paper, shape (N, H, W).
        labels: the class of each, shape (N,).
        classes: what the classes are called.
        source: where they come from.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: tuple[str, ...]
    source: Source

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.labels)

    def take(self, chosen: "NDArray[np.intp] | slice") -> "Pictures":
        """Select pictures by their ordinals."""
        return replace(self, images=self.images[chosen], labels=self.labels[chosen])


def load_collection(
    collection: Collection, folder: Path | None = None
) -> tuple[Pictures, Pictures]:
    """Read 60,000 pictures to learn from and 10,000 to test on.

    The files come from the cache, or else from the first mirror that has them.

    Args:
        collection: `MNIST` or `FASHION_MNIST`.
        folder: the cache; `data_folder()` if None.

    Raises:
        ChecksumError: a file is not the one that was meant.
        UnavailableError: a file is not in the cache, and no mirror gives it.
    """
    home = (folder or data_folder()) / collection.name
    train, test = (_read(collection, names, home) for names in (TRAIN_FILES, TEST_FILES))
    return train, test


def _read(collection: Collection, names: tuple[str, str], home: Path) -> Pictures:
    images, labels = (read_idx(_fetched(collection, name, home)) for name in names)
    if len(images) != len(labels):
        message = f"{home}: {names[0]} has {len(images)} pictures, but {names[1]} {len(labels)}"
        raise IdxError(message)
    source = Source(
        name=f"{len(images):,} pictures of {collection.name}",
        origin=str(home / names[0]),
        licence=collection.licence,
        citation=collection.citation,
    )
    return Pictures(images, labels, collection.classes, source)


def _fetched(collection: Collection, name: str, home: Path) -> Path:
    """Return a file of the cache; what has come of it stays beside it, and is gone on with."""
    partial = home / f"{name}.partial"

    def fetch(target: Path) -> None:
        _download_from_any(collection, name, partial)
        partial.replace(target)

    return cached(name, collection.checksums[name], fetch, home)


def _download_from_any(collection: Collection, name: str, partial: Path) -> None:
    problems = []
    for mirror in collection.mirrors:
        try:
            return download(mirror + name, partial)
        except UnavailableError as error:
            problems.append(str(error))
    message = (
        f"{name} of {collection.name} is not to be had: {'; '.join(problems)}; without a network, "
        f"put it into {partial.parent}"
    )
    raise UnavailableError(message)
