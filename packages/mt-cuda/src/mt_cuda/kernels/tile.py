"""How a block and its threads divide a tile of a matrix product, and what each thread multiplies.

A block computes `rows` by `columns` entries of the product, in steps of `depth` along K. A thread
computes `height` by `width` of them, in groups of four by four: group after group, the threads of a
block lie side by side, so that a warp reads 16 neighbouring bytes a thread from shared memory.
"""

# ruff: noqa: PLR0913, PLR0917  the arguments of device functions

from dataclasses import dataclass
from typing import Any

from numba import cuda, int32

from mt_cuda.device import WARP, inline, lifted
from mt_cuda.intrinsics import LANES, load4, multiply_add, store4
from mt_cuda.kernels.types import number
from mt_tensor.dtypes import DType

WARP_COLUMNS = WARP // 4 if WARP > 4 else 2  # noqa: PLR2004
"""Threads of a warp side by side; the others are below: 4 by 8 on a GPU, so that a warp reads
little more than the square root of what it multiplies."""

WARP_ROWS = WARP // WARP_COLUMNS


@dataclass(frozen=True)
class Tile:
    """The sizes of a block's tile and of each thread's part of it.

    Attributes:
        rows: of the product that a block computes.
        columns: of the product that a block computes.
        depth: how far along K each step goes.
        height: rows that a thread computes, a multiple of four.
        width: columns that a thread computes, a multiple of four.
        blocks: how many blocks a multiprocessor should hold, which limits registers.
    """

    rows: int
    columns: int
    depth: int
    height: int
    width: int
    blocks: int = 1

    def __post_init__(self) -> None:
        """Refuse a tile that leaves a warp without its rows and columns.

        Raises:
            ValueError: warps do not divide the threads, down or across.
        """
        down, across = self.rows // self.height, self.columns // self.width
        if down % WARP_ROWS or across % WARP_COLUMNS:
            message = (
                f"a tile of {self} has {down} by {across} threads, which warps of {WARP_ROWS} by "
                f"{WARP_COLUMNS} do not divide"
            )
            raise ValueError(message)

    @property
    def threads(self) -> int:
        """How many threads a block has."""
        return self.rows // self.height * (self.columns // self.width)

    @property
    def steps(self) -> tuple[int, int]:
        """How far a thread's groups of four rows, and of four columns, are apart."""
        return self.rows * LANES // self.height, self.columns * LANES // self.width

    def __str__(self) -> str:
        """Show it as `128x128x16, 8x8 a thread`."""
        return f"{self.rows}x{self.columns}x{self.depth}, {self.height}x{self.width} a thread"


def placement(tile: Tile) -> Any:
    """Make a function of a thread's number that returns the first row and column of its groups."""
    warps_across = tile.columns // tile.width // WARP_COLUMNS

    @inline
    def place(thread: Any) -> Any:
        lane, warp = thread % WARP, thread // WARP
        row = warp // warps_across * WARP_ROWS + lane // WARP_COLUMNS
        column = warp % warps_across * WARP_COLUMNS + lane % WARP_COLUMNS
        return int32(row * LANES), int32(column * LANES)

    return place


def writer(tile: Tile, lanes: int) -> Any:
    """Make `write(matrix, start, strides, first, sizes, entries)`.

    It stores the entries of a thread whose first has the row and column `first`, in a matrix of
    `sizes` that begins at `start`, but for those outside of it.

    Args:
        tile: the division.
        lanes: entries of a store: 1 for any layout, 4 for rows of vectors.
    """
    height, width = tile.height, tile.width
    down, across = tile.steps

    def write(out: Any, start: Any, strides: Any, first: Any, sizes: Any, entries: Any) -> None:
        for i in range(height):
            y = first[0] + i // LANES * down + i % LANES
            for j in range(width):
                x = first[1] + j // LANES * across + j % LANES
                if y < sizes[0] and x < sizes[1]:
                    out[start + y * strides[0] + x * strides[1]] = entries[i * width + j]

    def write4(out: Any, start: Any, strides: Any, first: Any, sizes: Any, entries: Any) -> None:
        for i in range(height):
            y = first[0] + i // LANES * down + i % LANES
            for group in range(width // LANES):
                x, e = first[1] + group * across, i * width + group * LANES
                if y < sizes[0] and x < sizes[1]:
                    values = (entries[e], entries[e + 1], entries[e + 2], entries[e + 3])
                    store4(out, start + y * strides[0] + x, values)

    return lifted(write if lanes == 1 else write4)


def multiplier(tile: Tile, dtype: DType, pitches: tuple[int, int]) -> Any:
    """Make a function that adds the product of two panels in shared memory to a thread's entries.

    The panels hold `depth` rows each, a row of them being a column of `a` or a row of `b`.

    Args:
        tile: the division.
        dtype: of the entries.
        pitches: how many elements the rows of either panel are apart.
    """
    step = _step(tile, dtype)
    steps = inline(lambda _left, _at, _right, _column, _totals: None)
    for k in range(tile.depth):
        steps = _then(steps, step, (k * pitches[0], k * pitches[1]))
    return steps


def _then(before: Any, step: Any, moves: tuple[int, int]) -> Any:
    """Chain one more step, with constant positions: a loop would not be unrolled."""
    down, across = moves

    @inline
    def run(left: Any, row: Any, right: Any, column: Any, totals: Any) -> None:
        before(left, row, right, column, totals)
        step(left, row + down, right, column + across, totals)

    return run


def _step(tile: Tile, dtype: DType) -> Any:
    """Make one step: the outer product of a column of `a` and a row of `b`, from registers."""
    height, width, kind = tile.height, tile.width, number(dtype)
    down, across = tile.steps

    def step(left: Any, row: Any, right: Any, column: Any, totals: Any) -> None:
        x, y = cuda.local.array(height, kind), cuda.local.array(width, kind)
        for g in range(height // LANES):
            x[4 * g], x[4 * g + 1], x[4 * g + 2], x[4 * g + 3] = load4(left, row + g * down)
        for g in range(width // LANES):
            y[4 * g], y[4 * g + 1], y[4 * g + 2], y[4 * g + 3] = load4(right, column + g * across)
        for i in range(height):
            for j in range(width):
                totals[i * width + j] = multiply_add(x[i], y[j], totals[i * width + j])

    return lifted(step)
