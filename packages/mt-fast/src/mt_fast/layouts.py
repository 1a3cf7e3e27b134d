"""The loops of an elementwise kernel: which dimensions, in which order, in which rectangles."""

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from mt_fast.launching import CHUNK, NO_LAYOUT
from mt_tensor.layout import Shape, Strides, merge_dimensions

TILE = 64
"""Side of a tile. Copying a transposed matrix of 1000 x 1000 float32 took 1.05 ms with tiles of 32,
0.48 ms with 64 and 0.55 ms with 128."""

Steps = tuple[int, ...]
"""For one dimension, the stride of each operand."""


class Loops(NamedTuple):
    """The loops over one combination of layouts.

    Attributes:
        size: how many elements there are.
        kinds: what to compile for, for the output and each operand: an inner stride, 0 or 1, or
            -1 for any. None if the elements lie in one run, in every operand.
        layout: as `mt_fast.kernels.map.tiled.blocks` reads it.
        units: how many rectangles there are, or elements in one run.
        chunk: how many units a thread takes at a time.
    """

    size: int
    kinds: tuple[int, ...] | None
    layout: np.ndarray[Any, Any]
    units: int
    chunk: int


@lru_cache(maxsize=4096)
def loops(shape: Shape, *operands: Strides) -> Loops:
    """Plan the loops over operands of these strides, the output first.

    Dimensions are sorted by the strides of the output and merged; the last two that remain are
    cut into rectangles.
    """
    order = sorted(range(len(shape)), key=lambda d: -abs(operands[0][d]))
    sizes, merged = merge_dimensions(
        tuple(shape[d] for d in order), *(tuple(s[d] for d in order) for s in operands)
    )
    size = prod(shape)
    if all(steps == (1,) for steps in merged) or not sizes or not size:
        return Loops(size, None, NO_LAYOUT, size, CHUNK)
    dims = list(zip(sizes, zip(*merged, strict=True), strict=True))
    dims = [(1, (0,) * len(operands))] * (2 - len(dims)) + dims
    across = _across([steps for _, steps in dims])
    if across is not None:
        dims.insert(-1, dims.pop(across))
    (height, _), (width, last) = dims[-2:]
    columns = max(width, 1) if across is None else TILE
    columns = min(columns, CHUNK)
    rows = max(CHUNK // columns, 1) if across is None else TILE
    units = -(-width // columns) * -(-height // rows) * prod(size for size, _ in dims[:-2])
    words = [len(dims), rows, columns, *(size for size, _ in dims)]
    words += [step for _, steps in dims for step in steps]
    return Loops(size, _kinds(width, last), np.array(words, np.int64), units, 1)


def _kinds(width: int, steps: Steps) -> Steps:
    """Return the strides to compile for: those of dense and broadcast operands, or none.

    Few kernels are made so: one for each pattern of broadcasting, and one for everything else.
    """
    if width == 1:
        return (1,) * len(steps)
    dense = steps[0] == 1 and all(step in (0, 1) for step in steps)
    return steps if dense else (-1,) * len(steps)


def _across(steps: list[Steps]) -> int | None:
    """Return the dimension along which the first operand that runs across the last is dense."""
    for k, right in enumerate(steps[-1]):
        dense = [d for d in range(len(steps) - 1) if 0 < abs(steps[d][k]) < abs(right)]
        if dense:
            return min(dense, key=lambda d: abs(steps[d][k]))
    return None
