"""MNIST whole where it can be had, and else the ten thousand digits that ship with the course."""

from dataclasses import replace
from pathlib import Path

from minitorch.data.digits import SHIPPED, Digits, load_digits
from mt_nn.data import MNIST, Pictures, UnavailableError, load_collection

SHIPPED_TEST = 2000


def load_mnist(folder: Path | None = None) -> tuple[Digits, Digits]:
    """Read digits to learn from and digits to test on; `source` says which they are.

    60,000 and 10,000 from the cache or the network; without both, 8,000 and 2,000 of those that
    ship with the course, and the source says why.

    Args:
        folder: the cache; `mt_nn.data.data_folder()` if None.

    Raises:
        ChecksumError: a file is not the one that was meant.
    """
    try:
        train, test = load_collection(MNIST, folder)
    except UnavailableError as error:
        return _shipped(str(error))
    return _digits(train), _digits(test)


def _digits(pictures: Pictures) -> Digits:
    return Digits(pictures.images, pictures.labels, pictures.source)


def _shipped(reason: str) -> tuple[Digits, Digits]:
    source = replace(SHIPPED, origin=f"{SHIPPED.origin}, because {reason}")
    return replace(load_digits(), source=source).split(SHIPPED_TEST)
