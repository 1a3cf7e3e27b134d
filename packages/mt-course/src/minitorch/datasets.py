"""Labelled points of a plane as the course has them, from the datasets of `mt_operators`.

Points differ from call to call, as Python's `random` draws them: `random.seed` fixes them.
"""


# ruff: noqa: S311  the course's names; samples, not secrets

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mt_operators import DATASETS


@dataclass
class Graph:
    """Points with labels.

    Attributes:
        N: how many.
        X: the points.
        y: 0 or 1 for each.
    """

    N: int
    X: list[tuple[float, float]]
    y: list[int]


def make_pts(N: int) -> list[tuple[float, float]]:
    """Draw points of the unit square."""
    return [(random.random(), random.random()) for _ in range(N)]


def _maker(name: str) -> Callable[[int], Graph]:
    make = DATASETS[name]

    def graph(N: int) -> Graph:
        drawn = make(N, seed=random.getrandbits(32))
        return Graph(N, list(drawn.points), list(drawn.labels))

    graph.__name__ = graph.__qualname__ = name.lower()
    graph.__doc__ = (make.__doc__ or "").split("\n")[0]
    return graph


simple: Any = _maker("Simple")
diag = _maker("Diag")
split = _maker("Split")
xor = _maker("Xor")
circle = _maker("Circle")
spiral = _maker("Spiral")

simple.simple = simple  # a training script of the course calls `datasets["Simple"].simple(N)`

datasets = {
    "Simple": simple,
    "Diag": diag,
    "Split": split,
    "Xor": xor,
    "Circle": circle,
    "Spiral": spiral,
}
