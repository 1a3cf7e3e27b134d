"""Grids of pictures with what a network takes them for, the mistakes marked."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mt_course.figures.style import QUIET, WRONG, title

GAP = 10  # pixels between pictures; the caption stands in it


@dataclass(frozen=True, slots=True)
class Classified:
    """N pictures, what they show and what a network says.

    Attributes:
        images: bytes, 255 is ink, shape `(N, H, W)`.
        labels: the right classes, shape `(N,)`.
        probabilities: of each class, in the network's opinion, shape `(N, K)`.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.integer]
    probabilities: NDArray[np.floating]

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.labels)

    @property
    def predicted(self) -> NDArray[np.intp]:
        """The likeliest class of each picture, shape `(N,)`."""
        likeliest: NDArray[np.intp] = self.probabilities.argmax(axis=1)
        return likeliest

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Which pictures it takes for something else, shape `(N,)`."""
        differs: NDArray[np.bool_] = self.predicted != self.labels
        return differs

    def take(self, chosen: "NDArray[np.intp] | slice") -> "Classified":
        """Select pictures by their ordinals."""
        return Classified(self.images[chosen], self.labels[chosen], self.probabilities[chosen])

    def mistakes(self) -> "Classified":
        """Select the pictures that it takes for something else, the surest mistake first."""
        wrong = np.flatnonzero(self.wrong)
        sureness = self.probabilities[wrong].max(axis=1)
        return self.take(wrong[np.argsort(-sureness, kind="stable")])


def draw_grid(axes: Axes, heading: str, shown: Classified, columns: int) -> None:
    """Draw pictures in rows, under each its prediction; a wrong one in red, after the truth.

    Args:
        axes: where.
        heading: the title of the grid.
        shown: the pictures, row by row.
        columns: how many in a row.
    """
    title(axes, heading)
    axes.axis("off")
    axes.set_anchor("NW")
    if shown:
        axes.imshow(_mosaic(shown.images, columns), cmap="gray_r", vmin=0, vmax=255)
    rows = zip(shown.predicted, shown.labels, _corners(shown.images, columns), strict=True)
    for predicted, label, corner in rows:
        _caption(axes, corner, shown.images.shape[1:], (int(predicted), int(label)))


def _corners(images: NDArray[np.uint8], columns: int) -> Iterator[tuple[int, int]]:
    """Yield the pixel row and column of each picture's upper left corner."""
    height, width = images.shape[1:]
    for i in range(len(images)):
        yield i // columns * (height + GAP), i % columns * (width + GAP)


def _mosaic(images: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Join pictures `(N, H, W)` to one, with white gaps on the right and below each."""
    count, height, width = images.shape
    rows = -(-count // columns)
    canvas = np.zeros((rows * (height + GAP), columns * (width + GAP)), np.uint8)
    for image, (top, left) in zip(images, _corners(images, columns), strict=True):
        canvas[top : top + height, left : left + width] = image
    return canvas


def _caption(
    axes: Axes, corner: tuple[int, int], size: tuple[int, ...], answer: tuple[int, int]
) -> None:
    (top, left), (height, width), (predicted, label) = corner, size, answer
    wrong = predicted != label
    axes.text(
        left + width / 2,
        top + height + GAP / 2,
        f"{label} \N{RIGHTWARDS ARROW} {predicted}" if wrong else str(predicted),
        color=WRONG if wrong else QUIET,
        fontsize=8,
        fontweight="bold" if wrong else "normal",
        ha="center",
        va="center",
    )
    if wrong:
        box = Rectangle((left, top), width, height, fill=False, edgecolor=WRONG, linewidth=1.6)
        axes.add_patch(box)
