"""One picture of a run on sentences: how it learned, and what it reads out of unseen ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mt_course.figures.curves import draw_accuracy, draw_loss
from mt_course.figures.judged import EVEN, Judged
from mt_course.figures.style import FAINT, INK, QUIET, TEST, TRAIN, WRONG, headed, title
from mt_nn import Epoch

SAMPLE, MISTAKES = 14, 7
LETTERS = 80
"""A longer sentence is cut."""
BAR = 0.16
"""The share of the width that a probability of 1 takes."""
HELD = "validation"


def sentences_figure(epochs: Sequence[Epoch], test: Judged, heading: str, details: str) -> Figure:
    """Draw loss and accuracy beside test sentences with their probabilities.

    Args:
        epochs: what the curves show.
        test: the test sentences. The first ones are shown as they come, which is a fair sample
            where they are shuffled; then the surest mistakes.
        heading: one line above everything.
        details: a smaller line below it.
    """
    figure = headed(heading, details)
    heights = (3, 3, 1)
    left = figure.add_gridspec(
        3, 1, left=0.06, right=0.38, top=0.84, bottom=0.05, hspace=0.5, height_ratios=heights
    )
    loss = figure.add_subplot(left[0])
    draw_loss(loss, epochs, HELD)
    draw_accuracy(figure.add_subplot(left[1], sharex=loss), epochs, HELD)
    draw_confusion(figure.add_subplot(left[2]), test)
    _draw_test(figure, test)
    return figure


def draw_confusion(axes: Axes, test: Judged) -> None:
    """Draw for each side how many of its sentences are read as for and as against the film."""
    title(axes, "Of all test sentences")
    for row, (label, name) in enumerate(((1, "for"), (0, "against"))):
        of_label = test.labels == label
        right = int((of_label & ~test.wrong).sum())
        wrong = int((of_label & test.wrong).sum())
        axes.barh(row, right, color=TRAIN, height=0.7)
        axes.barh(row, wrong, left=right, color=WRONG, height=0.7)
        text = f"{right} of {right + wrong} that are {name} the film read so"
        axes.text(6, row, text, color=INK, fontsize=9, va="center")
    axes.invert_yaxis()
    axes.set_axis_off()


def draw_sentences(axes: Axes, heading: str, shown: Judged) -> None:
    """Draw a row for each sentence: the probability that it is for the film, and its words.

    A bar to the right of the middle is for, one to the left against; a wrong one is red.
    """
    title(axes, heading)
    axes.set(xlim=(0.0, 1.0), ylim=(max(len(shown), 1) - 0.5, -0.5))
    axes.set_axis_off()
    rows = zip(shown.texts, shown.probabilities, shown.wrong, strict=True)
    for row, (text, probability, wrong) in enumerate(rows):
        axes.barh(row, BAR, color=FAINT, height=0.62)
        axes.barh(
            row,
            BAR * (probability - EVEN),
            left=BAR * EVEN,
            color=WRONG if wrong else TEST,
            height=0.62,
        )
        axes.text(BAR + 0.06, row, f"{100 * probability:.0f} %", **_style(QUIET), ha="right")
        axes.text(BAR + 0.075, row, _cut(text), **_style(WRONG if wrong else INK))
    axes.axvline(BAR * EVEN, color=QUIET, linewidth=0.8)


def _draw_test(figure: Figure, test: Judged) -> None:
    place = {"left": 0.44, "right": 0.985, "top": 0.84, "bottom": 0.03, "hspace": 0.16}
    rows = figure.add_gridspec(2, 1, height_ratios=(SAMPLE, MISTAKES), **place)
    sample = test.take(np.arange(min(SAMPLE, len(test))))
    heading = "Test sentences, and how probably each is for its film"
    draw_sentences(figure.add_subplot(rows[0]), heading, sample)
    wrong = test.mistakes()
    count = f"The surest of {len(wrong)} mistakes" if len(wrong) else "No mistakes"
    shown = wrong.take(np.arange(min(MISTAKES, len(wrong))))
    draw_sentences(figure.add_subplot(rows[1]), count, shown)


def _style(color: str) -> dict[str, Any]:
    return {"color": color, "fontsize": 8.5, "va": "center", "parse_math": False}


def _cut(text: str) -> str:
    """Fit a sentence into a line; what no font has a sign for becomes a dash."""
    signs = "".join(c if c.isprintable() else "\N{EN DASH}" for c in text)
    line = " ".join(signs.split())
    if len(line) <= LETTERS:
        return line
    return f"{line[: LETTERS - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
