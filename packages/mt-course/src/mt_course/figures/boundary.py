"""A plane of probabilities with labelled points on it: where a network draws the line."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from mt_course.figures.curves import draw_accuracy, draw_loss
from mt_course.figures.style import INK, QUIET, TEST, WRONG, title
from mt_nn import Epoch
from mt_operators import Dataset

Predict = Callable[[Sequence[tuple[float, float]]], Sequence[float]]
"""A classifier: the probability of label 1 for each point."""

CELLS = 60
NAME: dict[str, Any] = {"fontsize": 10, "fontweight": "bold", "ha": "right"}
WARM = "#d9822b"
PLANE = LinearSegmentedColormap.from_list("plane", [TEST, "#ffffff", WARM])


def boundary_figure(
    epochs: Sequence[Epoch], data: Dataset, predict: Predict, heading: str, details: str
) -> Figure:
    """Draw loss and accuracy beside the plane that was learned.

    Args:
        epochs: what the curves show; without any, the plane stands alone.
        data: the points, which are drawn on the plane.
        predict: the classifier.
        heading: one line above everything.
        details: a smaller line below it.
    """
    figure = Figure(figsize=(13.5, 7.6) if epochs else (7.6, 7.6), dpi=120, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.035, 0.945, heading, color=INK, fontsize=17, fontweight="bold")
    figure.text(0.035, 0.912, details, color=QUIET, fontsize=10)
    if epochs:
        left = figure.add_gridspec(2, 1, left=0.06, right=0.42, top=0.84, bottom=0.08, hspace=0.32)
        draw_loss(figure.add_subplot(left[0]), epochs)
        draw_accuracy(figure.add_subplot(left[1]), epochs)
    place = (0.5, 0.06, 0.44, 0.78) if epochs else (0.07, 0.06, 0.86, 0.78)
    draw_plane(figure.add_axes(place), data, predict)
    return figure


def draw_plane(axes: Axes, data: Dataset, predict: Predict) -> None:
    """Colour the plane by the probability of label 1, and draw the points; wrong ones ringed."""
    low, high = _extent(data)
    centers = low + (np.arange(CELLS) + 0.5) * (high - low) / CELLS
    grid = [(float(x), float(y)) for y in centers for x in centers]
    plane = np.array(predict(grid)).reshape(CELLS, CELLS)
    where = (low, high, low, high)
    image = axes.imshow(plane, cmap=PLANE, vmin=0.0, vmax=1.0, origin="lower", extent=where)
    image.set(alpha=0.75, interpolation="bilinear")
    axes.contour(plane, levels=[0.5], origin="lower", extent=where, colors=INK, linewidths=1)
    _draw_points(axes, data, np.array(predict(data.points)))
    title(axes, f"{data.name}: {len(data)} points")
    _name_labels(axes)
    axes.set_axis_off()


def _draw_points(axes: Axes, data: Dataset, probabilities: np.ndarray) -> None:
    points, labels = np.array(data.points).reshape(-1, 2), np.array(data.labels)
    for label, color, marker in ((0, TEST, "o"), (1, WARM, "s")):
        x, y = points[labels == label].T
        axes.scatter(x, y, s=44, c=color, marker=marker, edgecolors="white", linewidths=1.2)
    x, y = points[(probabilities > 0.5) != labels].T  # noqa: PLR2004  the likelier label
    axes.scatter(x, y, s=150, facecolors="none", edgecolors=WRONG, linewidths=2, label="wrong")


def _name_labels(axes: Axes) -> None:
    """Write above the right corner which colour stands for which label."""
    for place, label, color in ((0.88, "label 0", TEST), (1.0, "label 1", WARM)):
        text = axes.text(
            place, 1.02, label, color=color, fontsize=10, fontweight="bold", ha="right"
        )
        text.set_transform(axes.transAxes)


def _extent(data: Dataset) -> tuple[float, float]:
    """Return a square that holds the unit square and all points."""
    values = [0.0, 1.0, *(v for point in data.points for v in point)]
    return min(values) - 0.03, max(values) + 0.03
