"""Learning curves: a quantity of the training and of the test samples, epoch by epoch."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mt_course.figures.style import INK, TEST, TRAIN, quiet, title
from mt_nn import Epoch

FEW = 40
"""Up to so many epochs, each is marked by a dot."""


def draw_loss(axes: Axes, epochs: Sequence[Epoch], held: str = "test") -> None:
    """Draw the mean loss of the training samples and of those that are `held` back."""
    title(axes, "Loss")
    train = {e.number: e.train.loss for e in epochs}
    test = {e.number: e.test.loss for e in epochs if e.test is not None}
    _draw(axes, {"train": train, held: test})
    axes.set_ylim(bottom=0)


def draw_accuracy(axes: Axes, epochs: Sequence[Epoch], held: str = "test") -> None:
    """Draw the share of right answers."""
    title(axes, "Accuracy")
    train = {e.number: e.train.accuracy or 0.0 for e in epochs}
    test = {e.number: e.test.accuracy or 0.0 for e in epochs if e.test is not None}
    _draw(axes, {"train": train, held: test})
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_ylim(top=1.0)
    axes.set_xlabel("epoch", color=INK, fontsize=9)


def _draw(axes: Axes, lines: dict[str, dict[int, float]]) -> None:
    """Draw lines, epoch to height, and their names above the right corner."""
    right = 1.0
    for (name, line), color in reversed(list(zip(lines.items(), (TRAIN, TEST), strict=True))):
        dots = 4 if len(line) <= FEW else 0
        axes.plot(list(line), list(line.values()), "o-", color=color, label=name, lw=2, ms=dots)
        if line:
            _name(axes, name, color, right)
            right -= 0.04 + 0.025 * len(name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    quiet(axes)


def _name(axes: Axes, name: str, color: str, right: float) -> None:
    """Write the name of a line above the axes, ending at `right`."""
    text = axes.text(right, 1.045, name, color=color, fontsize=10, fontweight="bold", ha="right")
    text.set_transform(axes.transAxes)
