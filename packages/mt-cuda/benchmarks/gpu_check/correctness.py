"""Every kind of kernel against NumPy in float64, around the edges of blocks and tiles."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gpu_check.session import Row, Session
from mt_cuda.device import BLOCK, SIMULATED
from mt_cuda.kernels.tile import Tile
from mt_cuda.product import LARGE, LEAST, MIDDLE, SMALL
from mt_operators import add, exp, lt, maximum, mul, sigmoid, tanh
from mt_tensor.defaults.dropout import drawn, scale, threshold

Array = np.ndarray[Any, Any]
Case = tuple[str, Array, Array]
MANY = 132
"""Blocks, one for each multiprocessor, for which a large tile is worth it."""

OUT = object()
"""Stands for the result among the arguments of a method."""

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
"""Relative to the largest element: of sums of some hundred products."""


@dataclass(frozen=True)
class Runner:
    """Runs methods of a backend in one dtype.

    Attributes:
        backend: whose.
        dtype: of what is drawn, and of the results.
        small: whether sizes are those of a few seconds.
    """

    backend: Any
    dtype: str
    small: bool

    def draw(self, *shape: int, seed: int = 0) -> Array:
        """Draw normal numbers."""
        return np.random.default_rng(seed).normal(size=shape).astype(self.dtype)

    def place(self, *arrays: Array) -> list[Any]:
        """Copy arrays to the device."""
        return [self.backend.from_array(array) for array in arrays]

    def run(self, shape: tuple[int, ...], method: str, *arguments: Any, dtype: str = "") -> Array:
        """Return what a method leaves in a new tensor, which takes the place of `OUT`."""
        out = self.backend.allocate(shape, np.dtype(dtype or self.dtype))
        getattr(self.backend, method)(*(out if a is OUT else a for a in arguments))
        return np.array(self.backend.to_array(out), np.float64)


def rows(session: Session) -> Iterator[Row]:
    """Yield the largest error of each kernel, over sizes and both types of float; one if small."""
    tolerances = dict(list(TOLERANCE.items())[:1]) if session.small else TOLERANCE
    for check in (elementwise, folds, products, convolutions, poolings, softmax, indexing, random):
        for dtype, tolerance in tolerances.items():
            worst: dict[str, float] = {}
            for name, actual, expected in check(Runner(session.backend, dtype, session.small)):
                worst[name] = max(worst.get(name, 0.0), difference(actual, expected))
            for name, found in worst.items():
                wrong = "" if found <= tolerance else f"differs by {found:.1e}"
                yield Row(f"{name}, {dtype}", {"difference": found}, wrong)


def difference(actual: Array, expected: Array) -> float:
    """Return the largest difference, relative to the largest element; inf if one has nan."""
    if actual.shape != expected.shape or (np.isnan(actual) != np.isnan(expected)).any():
        return float("inf")
    if not expected.size:
        return 0.0
    apart = np.abs(actual.astype(np.float64) - expected)
    return float(np.nanmax(apart) / max(float(np.nanmax(np.abs(expected))), 1.0))


def around(*sizes: int) -> Iterator[int]:
    """Yield one less than each size, the size, and one more."""
    for size in sizes:
        yield from (size - 1, size, size + 1)


def elementwise(on: Runner) -> Iterator[Case]:
    """Maps and zips: by vectors, by elements, broadcast, reversed, and to truth values."""
    functions = ((exp, np.exp), (tanh, np.tanh), (sigmoid, lambda x: 1 / (1 + np.exp(-x))))
    for n in around(4 * BLOCK) if on.small else around(4 * BLOCK, 1 << 20):
        x, y = on.draw(n), on.draw(n, seed=1)
        a, b = on.place(x, y)
        for op, oracle in functions:
            yield f"map: {op.name}", on.run((n,), "map", op, OUT, a), oracle(x.astype(np.float64))
        yield "zip: mul", on.run((n,), "zip", mul, OUT, a, b), x * y
        back = a.restrided((n,), (-1,), n - 1)
        yield "zip: add, reversed", on.run((n,), "zip", add, OUT, back, b), x[::-1] + y
        yield "zip: lt", on.run((n,), "zip", lt, OUT, a, b, dtype="bool"), (x < y).astype(float)
    x, y = on.draw(5, 1, 7), on.draw(3, 1)
    a, b = (v.expand((5, 3, 7)) for v in on.place(x, y))
    yield "zip: add, broadcast", on.run((5, 3, 7), "zip", add, OUT, a, b), x + y


def folds(on: Runner) -> Iterator[Case]:
    """Sums and maxima along rows, columns and everything."""
    for n in around(BLOCK, 4 * BLOCK) if on.small else around(BLOCK, 1024, 1 << 18):
        x = on.draw(3, n)
        (a,) = on.place(x)
        for op, oracle in ((add, np.add), (maximum, np.maximum)):
            for axis, shape in ((1, (3, 1)), (0, (1, n)), ((0, 1), (1, 1))):
                exact = oracle.reduce(x.astype(np.float64), axis=axis, keepdims=True)
                yield f"fold: {op.name}", on.run(shape, "reduce", op, OUT, a), exact


def products(on: Runner) -> Iterator[Case]:
    """Products around the edges of each tile, with every transposition, and in batches."""
    for tile, batch in tiles(on):
        for n, k in product(around(tile.rows), (3, 16) if on.small else (3, 16, 40)):
            x, y = on.draw(batch, n, k), on.draw(batch, k, n + 4, seed=1)
            exact = x.astype(np.float64) @ y.astype(np.float64)
            for pair in product(both_layouts(on, x), both_layouts(on, y)):
                yield f"matmul {tile.rows}", on.run(exact.shape, "matmul", OUT, *pair), exact
    x = on.draw(4, 8, 64 if on.small else 2048)
    y = on.draw(x.shape[2], 12, seed=2)
    a, b = on.place(x, y)
    out = on.run((4, 8, 12), "matmul", OUT, a, b.expand((4, *y.shape)))
    yield "matmul, divided along K", out, x.astype(np.float64) @ y.astype(np.float64)


def tiles(on: Runner) -> list[tuple[Tile, int]]:
    """Return tiles, each with how many matrices of its size the backend takes it for."""
    if SIMULATED:
        return [(LEAST, 1)]
    middle = [] if on.small else [(MIDDLE, MANY - 32)]
    return [(SMALL, 1), *middle, (LARGE, MANY)]


def both_layouts(on: Runner, x: Array) -> tuple[Any, Any]:
    """Return matrices on the device by rows, and by columns."""
    by_rows, by_columns = on.place(x, np.ascontiguousarray(x.swapaxes(1, 2)))
    deep, right, down = by_columns.strides
    return by_rows, by_columns.restrided(x.shape, (deep, down, right))


def convolutions(on: Runner) -> Iterator[Case]:
    """Convolutions forward and back, directly and by the matrix product."""
    how = ((1, 1), (1, 1))
    for channels in (3, 5) if on.small else (3, 5, 40):
        x, w = on.draw(2, channels, 8, 9), on.draw(6, channels, 3, 3, seed=1)
        view = windows(x)
        y = np.einsum("nchwij,ocij->nohw", view, w)
        grad = on.draw(*y.shape, seed=2)
        a, b, g = on.place(x, w, grad)
        yield "conv2d", on.run(y.shape, "conv2d", OUT, a, b, None, *how), y
        exact = np.einsum("nchwij,nohw->ocij", view, grad)
        yield "conv2d by weight", on.run(w.shape, "conv2d_by_weight", OUT, None, g, a, *how), exact
        exact = np.einsum("nohwij,ocij->nchw", windows(grad), w[:, :, ::-1, ::-1])
        yield "conv2d by input", on.run(x.shape, "conv2d_by_input", OUT, g, b, *how), exact


def windows(x: Array) -> Array:
    """Return every window of 3 by 3 of images in a frame of zeros, in float64."""
    wide = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    return sliding_window_view(wide, (3, 3), axis=(2, 3))


def poolings(on: Runner) -> Iterator[Case]:
    """Averages and maxima over windows that overlap."""
    x, how = on.draw(1 if on.small else 8, 3, 9, 10), ((3, 3), (2, 2))
    view = sliding_window_view(x.astype(np.float64), (3, 3), axis=(2, 3))[:, :, ::2, ::2]
    (a,), shape = on.place(x), view.shape[:4]
    yield "average pooling", on.run(shape, "avg_pool2d", OUT, a, *how), view.mean((-2, -1))
    yield "maximum pooling", on.run(shape, "max_pool2d", OUT, a, *how), view.max((-2, -1))


def softmax(on: Runner) -> Iterator[Case]:
    """Log-softmax of rows that a thread, a warp and a block has."""
    for n in (3, 33) if on.small else (3, 1000, 5000):
        x = on.draw(7, n)
        (a,) = on.place(x)
        shifted = x.astype(np.float64) - x.max(1, keepdims=True)
        exact = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
        yield "log softmax", on.run(x.shape, "log_softmax", OUT, a, 1), exact


def indexing(on: Runner) -> Iterator[Case]:
    """Gathering and adding to repeated positions, twice for the same bits."""
    count, places = 50 if on.small else 100_000, 37
    positions = np.random.default_rng(0).integers(0, places, count)
    x, table = on.draw(count), on.draw(places, seed=1)
    a, source = on.place(x, table)
    yield "gather", on.run((count,), "gather", OUT, source, positions), table[positions]
    sums = [on.backend.full((places,), 0.0, np.dtype(on.dtype)) for _ in range(2)]
    for target in sums:
        on.backend.scatter_add(target, positions, a)
    first, second = (np.array(on.backend.to_array(target), np.float64) for target in sums)
    yield "scatter add", first, np.bincount(positions, x.astype(np.float64), places)
    yield "scatter add, bits again", first, second


def random(on: Runner) -> Iterator[Case]:
    """Dropout, bit for bit."""
    for n in around(4 * BLOCK) if on.small else around(4 * BLOCK, 1 << 16):
        x = on.draw(n)
        kept = (drawn(n, 99) >= threshold(0.25)) * scale(0.25)
        exact = (x * kept.astype(on.dtype)).astype(np.float64)
        out = on.run((n,), "dropout", OUT, *on.place(x), 0.25, 99)
        yield "dropout, equal bits", (out == exact).astype(float), np.ones(n)
