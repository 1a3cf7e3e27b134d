"""Learning curves: a quantity of the training and of the test samples, epoch by epoch."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mt_course.figures.style import INK, TEST, TRAIN, quiet, title
from mt_nn import Epoch

FEW = 40
"""Up to so many epochs, each is marked by a dot."""


def draw_loss(axes: Axes, epochs: Sequence[Epoch]) -> None:
    """Draw the mean loss of the training and of the test samples."""
    title(axes, "Loss")
    train = {e.number: e.train.loss for e in epochs}
    test = {e.number: e.test.loss for e in epochs if e.test is not None}
    _draw(axes, train, test)
    axes.set_ylim(bottom=0)


def draw_accuracy(axes: Axes, epochs: Sequence[Epoch]) -> None:
    """Draw the share of right answers."""
    title(axes, "Accuracy")
    train = {e.number: e.train.accuracy or 0.0 for e in epochs}
    test = {e.number: e.test.accuracy or 0.0 for e in epochs if e.test is not None}
    _draw(axes, train, test)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_ylim(top=1.0)
    axes.set_xlabel("epoch", color=INK, fontsize=9)


def _draw(axes: Axes, train: dict[int, float], test: dict[int, float]) -> None:
    """Draw two lines, epoch to height, and their names above the right corner."""
    dots = 4 if len(train) <= FEW else 0
    for place, name, color, line in ((0.86, "train", TRAIN, train), (1, "test", TEST, test)):
        axes.plot(list(line), list(line.values()), "o-", color=color, label=name, lw=2, ms=dots)
        if not line:
            continue
        text = axes.text(
            place, 1.045, name, color=color, fontsize=10, fontweight="bold", ha="right"
        )
        text.set_transform(axes.transAxes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    quiet(axes)
