"""The loops of an elementwise kernel: which dimensions, in which order, in which rectangles."""

from functools import cache, lru_cache
from math import prod
from typing import Any, NamedTuple

import numba
import numpy as np

from mt_fast.compiler import Kernel, bind_helpers, compile_kernel
from mt_fast.kernels.intrinsics.staging import AREA
from mt_fast.kernels.intrinsics.vectors import lanes_of
from mt_fast.kernels.map import moves
from mt_fast.launching import CHUNK, NO_LAYOUT
from mt_tensor.layout import Shape, Strides, merge_dimensions

SIDE = 32
"""Rows of a rectangle whose columns are dense; see `AREA`. The sum of a matrix of 1000 x 1000 and a
transposed one took 0.24 ms with 32 and with 64, 0.85 ms with 16; it was 0.96 ms without copies."""

MOVED = {1: numba.uint8, 4: numba.float32, 8: numba.float64}
"""What elements are copied as, by their bytes."""

Steps = tuple[int, ...]
"""For one dimension, the stride of each operand."""


class Loops(NamedTuple):
    """The loops over one combination of layouts.

    Attributes:
        size: how many elements there are.
        kinds: what to compile for, for the output and each operand: 0 where it is broadcast along
            the rows of a rectangle, 1 where it is dense there or copied to be. None if the elements
            lie in one run, in every operand.
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
def loops(itemsizes: tuple[int, ...], shape: Shape, *operands: Strides) -> Loops:
    """Plan the loops over operands of these strides, the output first.

    Dimensions are sorted by the strides of the output and merged; the last two that remain are
    cut into rectangles, which are small where an operand has to be copied.

    Args:
        itemsizes: bytes of an element of each.
        shape: of all of them.
        operands: the strides of each.
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
    movers = _movers(last, itemsizes)
    if any(movers):
        columns = min(width, AREA // (1 if across is None else min(height, SIDE)))
        rows = min(height, AREA // columns)
    else:
        columns = min(width, CHUNK)
        rows = max(CHUNK // columns, 1)
    units = -(-width // columns) * -(-height // rows) * prod(size for size, _ in dims[:-2])
    ordered = [*dims[-2:], *reversed(dims[:-2])]
    words = [len(dims), rows, columns, *movers]
    words += [step for _, steps in ordered for step in steps]
    words += [size for size, _ in ordered]
    kinds = tuple(0 if step == 0 else 1 for step in last)
    return Loops(size, kinds, np.array(words, np.int64), units, 1)


def _movers(right: Steps, itemsizes: tuple[int, ...]) -> list[int]:
    """Return the addresses of what copies those that are not dense, or 0."""
    return [
        0 if step in (0, 1) else mover(itemsize, back=k == 0).address
        for k, (step, itemsize) in enumerate(zip(right, itemsizes, strict=True))
    ]


@cache
def mover(itemsize: int, *, back: bool) -> Kernel:
    """Return the kernel that copies rectangles of elements of this size to dense rows, or back."""
    kind = MOVED[itemsize]
    bindings: dict[str, Any] = {"BOTH": (kind, kind)}
    if itemsize == 1:
        bind_helpers(bindings, moves.pick)
        template = moves.bring_any
    else:
        bindings["LANES"] = lanes_of(8 * itemsize).count
        bind_helpers(bindings, moves.pick, moves.reverse, moves.sort, moves.turn)
        template = moves.bring
    return compile_kernel(moves.send if back else template, bindings, f"{itemsize}")


def _across(steps: list[Steps]) -> int | None:
    """Return the dimension along which the first operand that runs across the last is dense."""
    for k, right in enumerate(steps[-1]):
        dense = [d for d in range(len(steps) - 1) if 0 < abs(steps[d][k]) < abs(right)]
        if dense:
            return min(dense, key=lambda d: abs(steps[d][k]))
    return None
