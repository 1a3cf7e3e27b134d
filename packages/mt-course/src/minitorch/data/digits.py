"""Ten thousand handwritten digits of MNIST: how to read, split and scale them.

Notation: N pictures of H x W = 28 x 28 pixels, one byte each, 0 for paper and 255 for ink.
`NOTICE.md`, beside the file, says where they come from.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt_nn.data import Source

DIGITS_FILE = Path(__file__).with_name("mnist10k.npz")
DIGITS_SHA256 = "94e2480bb2d38e772966d2564f7818de27e5e7d95984370b0cfb33e5bb4a39df"

SHIPPED = Source(
    name="10,000 digits of MNIST",
    origin="mnist10k.npz, which ships with mt-course",
    licence="CC BY-SA 3.0, as is commonly stated",
    citation="LeCun, Bottou, Bengio and Haffner, 1998",
)

# The mean and the standard deviation of a pixel of these pictures, on a scale of 0 to 1.
MEAN, DEVIATION = 0.1311, 0.3087


@dataclass(frozen=True, slots=True)
class Digits:
    """Pictures of digits with what they show.

    Attributes:
        images: bytes, shape `(N, 28, 28)`.
        labels: the digits, 0 to 9, shape `(N,)`.
        source: where they come from, or None if they were made here.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    source: Source | None = None

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.labels)

    def take(self, chosen: "NDArray[np.intp] | slice") -> "Digits":
        """Select pictures by their ordinals."""
        return replace(self, images=self.images[chosen], labels=self.labels[chosen])

    def split(self, test: int, seed: int = 0) -> tuple["Digits", "Digits"]:
        """Shuffle, then part into digits to train on and digits to test on.

        Args:
            test: how many to test on, more than 0 and fewer than there are.
            seed: of the shuffle. The same seed gives the same two parts.

        Returns:
            The part to train on, `(N - test)` pictures, and the part to test on.

        Raises:
            ValueError: one of the parts would be empty.
        """
        if not 0 < test < len(self):
            message = f"split: {test} digits to test on, but it must lie in 1..{len(self) - 1}"
            raise ValueError(message)
        order = np.random.default_rng(seed).permutation(len(self))
        return self.take(order[test:]), self.take(order[:test])


def load_digits(path: Path = DIGITS_FILE) -> Digits:
    """Read the digits that ship with the course. They are grouped by class.

    Raises:
        ValueError: the file is not the one that was shipped.

    >>> len(load_digits())
    10000
    """
    content = path.read_bytes()
    found = sha256(content).hexdigest()
    if found != DIGITS_SHA256:
        message = f"{path} is damaged: SHA-256 is {found}, not {DIGITS_SHA256}; reinstall mt-course"
        raise ValueError(message)
    with np.load(BytesIO(content)) as arrays:
        return Digits(arrays["x"], arrays["y"], SHIPPED)


def standardise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale pictures to mean 0 and variance 1, as a batch with one channel.

    Args:
        images: bytes, shape `(N, H, W)`.

    Returns:
        Shape `(N, 1, H, W)`.
    """
    scaled = (images.astype(np.float32) / 255 - MEAN) / DEVIATION
    return scaled[:, np.newaxis].astype(np.float32, copy=False)
