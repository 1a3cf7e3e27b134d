"""Learning curves: a quantity of the training and of the test samples, epoch by epoch."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from minitorch.figures.style import INK, TEST, TRAIN, quiet, title
from minitorch.history import Epoch


def draw_loss(axes: Axes, history: Sequence[Epoch]) -> None:
    """Draw the mean loss of the training and the test samples."""
    title(axes, "Loss")
    epochs = [e.epoch for e in history]
    _draw(axes, epochs, [e.train_loss for e in history], [e.test_loss for e in history])
    axes.set_ylim(bottom=0)


def draw_accuracy(axes: Axes, history: Sequence[Epoch]) -> None:
    """Draw the share of right answers."""
    title(axes, "Accuracy")
    epochs = [e.epoch for e in history]
    _draw(axes, epochs, [e.train_accuracy for e in history], [e.test_accuracy for e in history])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_ylim(top=1.0)
    axes.set_xlabel("epoch", color=INK, fontsize=9)


def _draw(axes: Axes, epochs: list[int], train: list[float], test: list[float]) -> None:
    """Draw two lines, and their names in their colours above the right corner."""
    for place, name, color, heights in ((0.86, "train", TRAIN, train), (1, "test", TEST, test)):
        axes.plot(epochs, heights, "o-", color=color, linewidth=2, markersize=4, label=name)
        text = axes.text(place, 1.03, name, color=color, fontsize=10, fontweight="bold", ha="right")
        text.set_transform(axes.transAxes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    quiet(axes)
