"""A drawn digit as MNIST has them: 20 pixels tall, its mass in the middle."""

from pathlib import Path

import numpy as np
from matplotlib.image import imread
from numpy.typing import NDArray

SIDE, TALL = 28, 20
MIDDLE = 14
"""The row and the column where the digits of MNIST have their mass, 13.99 and 14.02 on average."""
INKED = 0.2
"""A pixel above this share of the darkest counts as drawn."""


def read_drawing(path: Path) -> NDArray[np.uint8]:
    """Read a PNG of one digit, dark on light or light on dark.

    Returns:
        Shape (28, 28), 255 for ink.

    Raises:
        OSError: there is no such file.
        ValueError: it is no PNG, or nothing is drawn in it.
    """
    try:
        pixels = np.asarray(imread(path, format="png"), np.float64)
    except SyntaxError as error:
        message = f"{path} is no PNG: {error}"
        raise ValueError(message) from None
    return as_digit(_ink(pixels), str(path))


def as_digit(ink: NDArray[np.float64], name: str = "the picture") -> NDArray[np.uint8]:
    """Crop a drawing to its ink, scale it to 20 pixels and centre it by its mass.

    Args:
        ink: shape (H, W), 0 for paper.
        name: what errors call it.

    Returns:
        Shape (28, 28), 255 for ink.

    Raises:
        ValueError: nothing is drawn in it.
    """
    if ink.size == 0 or np.ptp(ink) == 0.0:
        message = f"{name}: nothing is drawn in it"
        raise ValueError(message)
    scaled = (ink - ink.min()) / np.ptp(ink)
    rows, columns = (np.flatnonzero((scaled > INKED).any(axis=axis)) for axis in (1, 0))
    cut = scaled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = max(cut.shape)
    small = _resized(cut, *(max(1, round(n * TALL / size)) for n in cut.shape))
    return np.rint(255 * _centred(small)).astype(np.uint8)


def _ink(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return grey levels, with the corners as paper; a transparent pixel is paper too."""
    if pixels.ndim == 2:  # noqa: PLR2004  rows and columns
        grey = pixels
    else:
        grey = pixels[..., :3].mean(axis=2)
        if pixels.shape[2] == 4:  # noqa: PLR2004  red, green, blue, opacity
            grey = grey * pixels[..., 3] + (1 - pixels[..., 3])
    paper = np.median([grey[0, 0], grey[0, -1], grey[-1, 0], grey[-1, -1]])
    ink: NDArray[np.float64] = np.abs(grey - paper)
    return ink


def _resized(a: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Average over the area that each new pixel covers."""
    small: NDArray[np.float64] = _shares(a.shape[0], height) @ a @ _shares(a.shape[1], width).T
    return small


def _shares(old: int, new: int) -> NDArray[np.float64]:
    """Return how much of each new pixel (new, old) each old one fills; rows sum to 1."""
    edges = np.arange(new + 1) * old / new
    low, high = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    cells = np.arange(old)
    overlap = np.clip(np.minimum(high, cells + 1) - np.maximum(low, cells), 0.0, None)
    shares: NDArray[np.float64] = overlap * new / old
    return shares


def _centred(small: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put the centre of mass into the middle of a picture, as far as the drawing fits."""
    out = np.zeros((SIDE, SIDE))
    place = []
    for axis, n in enumerate(small.shape):
        mass = small.sum(axis=1 - axis)
        center = (mass * np.arange(n)).sum() / mass.sum()
        place.append(int(np.clip(round(MIDDLE - center), 0, SIDE - n)))
    top, left = place
    out[top : top + small.shape[0], left : left + small.shape[1]] = small
    return out
