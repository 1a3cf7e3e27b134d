"""The curves of a run as an SVG document, without any other package.

One panel shows the loss of every step and its mean over every epoch, on the training and on the
test data; a second the accuracies, where they are measured. Numbers that are not finite are left
out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mt_nn.training.history import History

Point = tuple[float, float]
Points = tuple[Point, ...]

WIDTH, HEIGHT = 420.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 16.0, 34.0, 40.0
"""The margins of a panel, in pixels, for its title and the numbers of its axes."""
TICKS = 5
STEPS = ("training, each step", "#b9c6d3")
TRAINING = ("training", "#2f5d8a")
TEST = ("test", "#c8553d")


@dataclass(frozen=True)
class Curve:
    """A line of points, with what it is and its colour."""

    label: str
    colour: str
    points: Points


@dataclass(frozen=True)
class Panel:
    """Curves over the same steps."""

    title: str
    curves: tuple[Curve, ...]


def history_to_svg(history: "History") -> str:
    """Draw the loss, and the accuracy where it is measured, over the steps of a run."""
    panels = [panel for panel in _panels(history) if panel.curves]
    width = WIDTH * max(len(panels), 1)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {HEIGHT:g}" '
        f'width="{width:g}" height="{HEIGHT:g}" role="img" font-family="sans-serif" '
        'font-size="11" fill="#333333">'
    )
    lines = (line for i, panel in enumerate(panels) for line in _drawn(panel, i * WIDTH))
    return "\n".join([head, "<title>training run</title>", *lines, "</svg>"])


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers, 1, 2 or 5 times a power of ten apart, that enclose an interval.

    >>> ticks(0.13, 2.2)
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    """
    spread = (high - low) or abs(high) or 1.0
    power = 10.0 ** floor(log10(spread / TICKS))
    step = power * next((k for k in (1, 2, 5) if power * k * TICKS >= spread), 10)
    first, last = floor(low / step), ceil(high / step)
    return [round(i * step, 12) for i in range(first, max(last, first + 1) + 1)]


def _panels(history: "History") -> Iterator[Panel]:
    steps = tuple((float(i), y) for i, y in enumerate(history.step_losses, 1) if isfinite(y))
    yield Panel("loss", _curves([(STEPS, steps)], history, "loss"))
    yield Panel("accuracy", _curves([], history, "accuracy"))


def _curves(
    before: list[tuple[tuple[str, str], Points]], history: "History", figure: str
) -> tuple[Curve, ...]:
    """Return the curves that have points, those of every epoch last."""
    found = [*before, *((line, _by_epoch(history, line, figure)) for line in (TRAINING, TEST))]
    return tuple(Curve(*line, points) for line, points in found if points)


def _by_epoch(history: "History", line: tuple[str, str], figure: str) -> Points:
    """Return a figure of each epoch, over the step that ended it."""
    done = list(accumulate(epoch.train.samples for epoch in history.epochs))
    per_sample = len(history.step_losses) / done[-1] if done and done[-1] else 0.0
    points = []
    for samples, epoch in zip(done, history.epochs, strict=True):
        score = epoch.train if line is TRAINING else epoch.test
        value = None if score is None else getattr(score, figure)
        if value is not None and isfinite(value):
            points.append((samples * per_sample, value))
    return tuple(points)


def _drawn(panel: Panel, shift: float) -> Iterator[str]:
    points = [point for curve in panel.curves for point in curve.points]
    down = ticks(min(y for _, y in points), max(y for _, y in points))
    across = ticks(0.0, max(x for x, _ in points))
    right, bottom = shift + WIDTH - RIGHT, HEIGHT - BOTTOM
    place = _placing(shift, across, down)
    yield f'<text x="{shift + LEFT:g}" y="16" font-weight="bold">{escape(panel.title)}</text>'
    for y in down:
        level = place((0.0, y))[1]
        yield f'<path d="M{shift + LEFT:.1f} {level:.1f}H{right:.1f}" stroke="#e5e5e5"/>'
        yield f'<text x="{shift + LEFT - 6:.1f}" y="{level + 4:.1f}" text-anchor="end">{y:g}</text>'
    for x in across:
        along = place((x, down[0]))[0]
        yield f'<text x="{along:.1f}" y="{bottom + 16:.1f}" text-anchor="middle">{x:g}</text>'
    yield f'<text x="{right:.1f}" y="{bottom + 32:.1f}" text-anchor="end">step</text>'
    for i, curve in enumerate(panel.curves):
        yield from _line(curve, [place(point) for point in curve.points])
        label = f'x="{right - 110 * i:.1f}" y="16" text-anchor="end" fill="{curve.colour}"'
        yield f"<text {label}>{escape(curve.label)}</text>"


def _placing(
    shift: float, across: Sequence[float], down: Sequence[float]
) -> Callable[[Point], Point]:
    """Return what places a point of a panel on the drawing."""
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(point: Point) -> Point:
        x = (point[0] - across[0]) / (across[-1] - across[0])
        y = (point[1] - down[0]) / (down[-1] - down[0])
        return shift + LEFT + x * width, HEIGHT - BOTTOM - y * height

    return place


def _line(curve: Curve, places: Sequence[Point]) -> Iterator[str]:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    yield f'<path d="M{path}" fill="none" stroke="{curve.colour}" stroke-width="1.6"/>'
    if curve.label != STEPS[0]:
        for x, y in places:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{curve.colour}"/>'
