"""One picture of a training run: how it learned, and what it makes of the test pictures."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mt_course.figures.classified import Classified, draw_grid
from mt_course.figures.curves import draw_accuracy, draw_loss
from mt_course.figures.style import headed
from mt_nn import Epoch

COLUMNS, SAMPLE_ROWS, MISTAKE_ROWS = 10, 6, 2


def training_figure(
    epochs: Sequence[Epoch], test: Classified, heading: str, details: str
) -> Figure:
    """Draw loss and accuracy curves beside test pictures with their predictions.

    Args:
        epochs: what the curves show.
        test: the test pictures. The first ones are shown as they come, which is a fair sample
            where they are shuffled; then the surest mistakes.
        heading: one line above everything.
        details: a smaller line below it.
    """
    figure = headed(heading, details)
    left = figure.add_gridspec(2, 1, left=0.06, right=0.38, top=0.84, bottom=0.08, hspace=0.32)
    loss = figure.add_subplot(left[0])
    draw_loss(loss, epochs)
    draw_accuracy(figure.add_subplot(left[1], sharex=loss), epochs)
    _draw_test(figure, test)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    figure.savefig(path, format="png")


def _draw_test(figure: Figure, test: Classified) -> None:
    place = {"left": 0.47, "right": 0.985, "top": 0.84, "bottom": 0.03, "hspace": 0.12}
    heights = (SAMPLE_ROWS, MISTAKE_ROWS)
    rows = figure.add_gridspec(2, 1, height_ratios=heights, **place)
    sample = test.take(slice(COLUMNS * SAMPLE_ROWS))
    draw_grid(figure.add_subplot(rows[0]), "Test digits and what they are read as", sample, COLUMNS)
    wrong = test.mistakes()
    count = f"The surest of {len(wrong)} mistakes: truth \N{RIGHTWARDS ARROW} reading"
    shown = wrong.take(slice(COLUMNS * MISTAKE_ROWS))
    draw_grid(figure.add_subplot(rows[1]), count if wrong else "No mistakes", shown, COLUMNS)
