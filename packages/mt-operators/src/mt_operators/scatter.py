r"""Drawings of labelled points of the unit square, for terminals and for pages.

A model can be drawn behind the points: a function of a point, whose sign at each place says which
label it would give there (positive: 1). Both drawings have $x_2$ pointing up. Points outside the
square are drawn at its edge.
"""

from collections.abc import Callable, Iterator, Sequence
from html import escape

Point = tuple[float, float]
Model = Callable[[float, float], float]
"""A function of the two coordinates; positive where it gives label 1."""

MARKS = ("o", "x")
GROUND = (" ", "·")
ASPECT = 2
"""A character of a terminal is about twice as high as it is wide."""

COLOURS = ("#4477aa", "#ee6677")
SHADES = ("#dbe5ee", "#fbe0e4")
CELLS = 40
RADIUS = 4


def scatter_text(
    points: Sequence[Point],
    labels: Sequence[int],
    model: Model | None = None,
    width: int = 40,
) -> str:
    """Draw with characters: `o` for label 0, `x` for label 1, `·` where the model says 1.

    Args:
        points: pairs in the unit square.
        labels: 0 or 1 for each.
        model: drawn behind the points.
        width: columns, at least 1; there are half as many lines. A frame is drawn around.

    Raises:
        ValueError: the width is less than 1, or the numbers of points and labels differ.

    >>> print(scatter_text([(0.1, 0.1), (0.9, 0.9)], [0, 1], width=8))
    +--------+
    |       x|
    |        |
    |        |
    |o       |
    +--------+
    """
    _check("scatter_text", "width", width, points, labels)
    height = max(1, width // ASPECT)
    rows = [[_ground(model, c, r, width, height) for c in range(width)] for r in range(height)]
    for (x, y), label in zip(points, labels, strict=True):
        rows[_cell(y, height)][_cell(x, width)] = MARKS[label]
    edge = f"+{'-' * width}+"
    return "\n".join([edge, *(f"|{''.join(row)}|" for row in reversed(rows)), edge])


def scatter_svg(
    points: Sequence[Point],
    labels: Sequence[int],
    model: Model | None = None,
    size: int = 240,
    *,
    title: str = "",
) -> str:
    """Draw as an SVG document: discs for label 0, crosses for label 1.

    Args:
        points: pairs in the unit square.
        labels: 0 or 1 for each.
        model: drawn behind the points, as shades.
        size: width and height in pixels, at least 1.
        title: what the picture shows, for those who cannot see it.

    Raises:
        ValueError: the size is less than 1, or the numbers of points and labels differ.
    """
    _check("scatter_svg", "size", size, points, labels)
    marks = (_mark(p, label, size) for p, label in zip(points, labels, strict=True))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {_box(size)} role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{size}" height="{size}" fill="#ffffff" stroke="#bbbbbb"/>',
        *_shades(model, size),
        *marks,
        "</svg>",
    ]
    return "\n".join(lines)


def _check(
    name: str, measure: str, value: int, points: Sequence[Point], labels: Sequence[int]
) -> None:
    if value < 1:
        message = f"{name}: a {measure} of {value}; it must be at least 1"
        raise ValueError(message)
    if len(points) != len(labels):
        message = f"{name}: {len(points)} points but {len(labels)} labels"
        raise ValueError(message)


def _box(size: int) -> str:
    return f'viewBox="0 0 {size} {size}" width="{size}" height="{size}"'


def _cell(x: float, cells: int) -> int:
    return min(max(int(x * cells), 0), cells - 1)


def _ground(model: Model | None, column: int, row: int, width: int, height: int) -> str:
    if model is None:
        return GROUND[0]
    return GROUND[model((column + 0.5) / width, (row + 0.5) / height) > 0.0]


def _shades(model: Model | None, size: int) -> Iterator[str]:
    """Yield one rectangle for each run of equal cells in a row."""
    if model is None:
        return
    side = size / CELLS
    for row in range(CELLS):
        y = (row + 0.5) / CELLS
        signs = [model((c + 0.5) / CELLS, y) > 0.0 for c in range(CELLS)]
        top = size - (row + 1) * side
        for start, end in _runs(signs):
            yield (
                f'<rect x="{start * side:g}" y="{top:g}" width="{(end - start) * side:g}" '
                f'height="{side:g}" fill="{SHADES[signs[start]]}"/>'
            )


def _runs(signs: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start = 0
    for i in range(1, len(signs) + 1):
        if i == len(signs) or signs[i] != signs[start]:
            yield start, i
            start = i


def _mark(point: Point, label: int, size: int) -> str:
    x, y = (min(max(c, 0.0), 1.0) * size for c in (point[0], 1.0 - point[1]))
    if label == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}" fill="{COLOURS[0]}"/>'
    d = 2 * RADIUS
    cross = f"M{x - RADIUS:.1f} {y - RADIUS:.1f}l{d} {d}m0 -{d}l-{d} {d}"
    return f'<path d="{cross}" stroke="{COLOURS[1]}" stroke-width="2" fill="none"/>'
