r"""Toy datasets: labelled points of a plane, in six tasks from easy to hard.

| name | label 1 |
| --- | --- |
| Simple | left half |
| Diag | below a diagonal |
| Split | the outer fifths, left and right |
| Xor | the top left and the bottom right quarter |
| Circle | outside a circle about the centre |
| Spiral | the second of two spirals |

Points lie in the unit square, except that the ends of long spirals leave it slightly. The seed
decides them: the same seed gives the same points on every machine.

Source: the tasks of the MiniTorch course.
"""

# ruff: noqa: PLR2004  the numbers are the tasks

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mt_operators.scatter import Model, Point, scatter_svg, scatter_text

SPIRAL_START = 5
"""How many points of each arm are left out at the centre, where the arms meet."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled points.

    Attributes:
        points: pairs $(x_1, x_2)$.
        labels: 0 or 1 for each point.
        name: of the task.

    Raises:
        ValueError: the numbers of points and labels differ, or a label is not 0 or 1.
    """

    points: tuple[Point, ...]
    labels: tuple[int, ...]
    name: str

    def __post_init__(self) -> None:
        """Refuse what is no dataset."""
        if len(self.points) != len(self.labels):
            message = f"{self.name}: {len(self.points)} points but {len(self.labels)} labels"
            raise ValueError(message)
        if wrong := [label for label in self.labels if label not in (0, 1)]:
            message = f"{self.name}: a label is 0 or 1, not {wrong[0]!r}"
            raise ValueError(message)

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.points)

    def text(self, model: Model | None = None, width: int = 40) -> str:
        """Draw it with characters; see `scatter_text`."""
        return scatter_text(self.points, self.labels, model, width)

    def svg(self, model: Model | None = None, size: int = 240) -> str:
        """Draw it as an SVG document; see `scatter_svg`."""
        return scatter_svg(self.points, self.labels, model, size, title=self.name)

    def _repr_svg_(self) -> str:
        """Notebooks show a dataset by this."""
        return self.svg()


def simple(n: int, seed: int = 0) -> Dataset:
    """Make `n` points with label 1 in the left half.

    >>> simple(3).labels
    (0, 1, 0)
    """
    return _labelled("Simple", n, seed, lambda x, _: x < 0.5)


def diag(n: int, seed: int = 0) -> Dataset:
    """Make `n` points with label 1 below a diagonal, an eighth of the square."""
    return _labelled("Diag", n, seed, lambda x, y: x + y < 0.5)


def split(n: int, seed: int = 0) -> Dataset:
    """Make `n` points with label 1 in the outer fifths, left and right."""
    return _labelled("Split", n, seed, lambda x, _: x < 0.2 or x > 0.8)


def xor(n: int, seed: int = 0) -> Dataset:
    """Make `n` points with label 1 in the top left and the bottom right quarter."""
    return _labelled("Xor", n, seed, lambda x, y: (x < 0.5 < y) or (y < 0.5 < x))


def circle(n: int, seed: int = 0) -> Dataset:
    r"""Make `n` points with label 1 outside the circle of radius $\sqrt{0.1}$ about the centre."""
    return _labelled("Circle", n, seed, lambda x, y: (x - 0.5) ** 2 + (y - 0.5) ** 2 > 0.1)


def spiral(n: int, seed: int = 0) -> Dataset:  # noqa: ARG001  a maker like the others
    """Make `n` points on two spirals, half of them (rounded down) with label 0.

    There is nothing random in it: the seed is not used.

    Raises:
        ValueError: `n` is not a whole number, 0 or more.
    """
    _check_count("Spiral", n)
    first, second = n // 2, n - n // 2
    arm = [_spiral(10.0 * i / first) for i in range(SPIRAL_START, SPIRAL_START + first)]
    other = [_spiral(-10.0 * i / second) for i in range(SPIRAL_START, SPIRAL_START + second)]
    points = [(x + 0.5, y + 0.5) for x, y in arm] + [(y + 0.5, x + 0.5) for x, y in other]
    return Dataset(tuple(points), (0,) * first + (1,) * second, "Spiral")


DATASETS: Mapping[str, Callable[..., Dataset]] = MappingProxyType(
    {
        "Simple": simple,
        "Diag": diag,
        "Split": split,
        "Xor": xor,
        "Circle": circle,
        "Spiral": spiral,
    }
)
"""The maker of each task, by its name: `DATASETS["Xor"](50, seed=1)`."""


def _labelled(name: str, n: int, seed: int, rule: Callable[[float, float], bool]) -> Dataset:
    _check_count(name, n)
    rng = random.Random(seed)  # noqa: S311  samples, not secrets
    points = tuple((rng.random(), rng.random()) for _ in range(n))
    return Dataset(points, tuple(int(rule(x, y)) for x, y in points), name)


def _spiral(t: float) -> Point:
    return t * math.cos(t) / 20.0, t * math.sin(t) / 20.0


def _check_count(name: str, n: int) -> None:
    if not isinstance(n, int) or n < 0:
        message = f"{name}: {n!r} points; it must be a whole number, 0 or more"
        raise ValueError(message)
