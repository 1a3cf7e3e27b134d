"""Every kernel of this package, with what its machine code should show.

The kernels are made by the same functions that the backend calls. Limits are what was measured,
with room for another version of the compiler; a kernel that needs more has lost something.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

import mt_operators
from mt_cuda.check.findings import Wants
from mt_cuda.device import BLOCK, WARP, Kernel
from mt_cuda.kernels import reduce_shared, reduce_shuffle
from mt_cuda.kernels.convolution import Filter, by_input, by_weight, forward
from mt_cuda.kernels.descent import ADAM, HEAVY, NESTEROV, PLAIN, descent
from mt_cuda.kernels.dropout import dropout
from mt_cuda.kernels.fill import fill
from mt_cuda.kernels.gather import gather, scatter, scatter_add
from mt_cuda.kernels.map_naive import naive as naive_map
from mt_cuda.kernels.map_strided import strided
from mt_cuda.kernels.map_vector import vectorised
from mt_cuda.kernels.matmul_buffered import buffered
from mt_cuda.kernels.matmul_naive import naive as naive_matmul
from mt_cuda.kernels.matmul_registers import in_registers
from mt_cuda.kernels.matmul_shared import tiled
from mt_cuda.kernels.matmul_vector import by_vectors
from mt_cuda.kernels.pooling import Window, average, average_by_input, maximum_by_input
from mt_cuda.kernels.pooling import maximum as maximum_pool
from mt_cuda.kernels.practice_matmul import block_matmul
from mt_cuda.kernels.practice_sum import block_sum
from mt_cuda.kernels.reduce_parts import part_fold
from mt_cuda.kernels.reduce_vector import dense_fold
from mt_cuda.kernels.rows import add_rows, pick, pick_by_input, take_rows
from mt_cuda.kernels.softmax import log_softmax, log_softmax_by_input
from mt_cuda.operators import prepare
from mt_cuda.product import LARGE, LARGE_ODD, MIDDLE, MIDDLE_FLOAT64, SMALL
from mt_operators import Op, add, maximum
from mt_tensor.backend import ElementFn
from mt_tensor.dtypes import DType

LIBRARY_TABLES = ("sin", "cos")
"""Operators for which CUDA's library reads a table in local memory."""

float32, float64, boolean = (np.dtype(name) for name in ("float32", "float64", "bool"))


@dataclass(frozen=True)
class Entry:
    """A kernel and what it should show.

    Attributes:
        label: what the table calls it.
        make: makes the kernel.
        wants: what its code should show.
    """

    label: str
    make: Callable[[], Kernel]
    wants: Wants


def catalogue() -> Iterator[Entry]:
    """Yield every kernel, the lessons in order, then every operator."""
    yield from _practice()
    yield from _maps()
    yield from _reductions()
    yield from _products()
    yield from _others()
    yield from _operators()


def _practice() -> Iterator[Entry]:
    yield Entry("practice sum", lambda: block_sum(float32), Wants(registers=20))
    yield Entry("practice matmul", lambda: block_matmul(float32), Wants(registers=40))


def _maps() -> Iterator[Entry]:
    one, two = (float32, float32), (float32, float32, float32)
    yield Entry("map naive", _later(naive_map, mt_operators.relu, one), Wants(16))
    for ndim in (1, 2, 4):
        make = _later(strided, add, two, ndim)
        yield Entry(f"zip strided {ndim}d", make, Wants(registers=32))
    yield Entry("zip vector", _later(vectorised, add, two, (True, True), 1), Wants(32, vectors=2))
    dense = (True, False)
    yield Entry("zip vector, column", _later(vectorised, add, two, dense, 2), Wants(32, vectors=1))
    wide, wants = (float64,) * 3, Wants(40, vectors=4, float64=True)
    yield Entry("zip vector float64", _later(vectorised, add, wide, (True, True), 1), wants)


def _reductions() -> Iterator[Entry]:
    dtypes = (float32, float32)
    for lesson in (reduce_shared, reduce_shuffle):
        label = f"row fold {lesson.__name__.rsplit('_', 1)[-1]}"
        yield Entry(label, _later(lesson.row_fold, add, dtypes, before=(0.0,)), Wants(32))
    for operator, team in product((add, maximum), (1, WARP, BLOCK)):
        unit = operator.unit or 0.0
        parts = _later(part_fold, operator, dtypes, (2, 1), team, before=(unit,))
        yield Entry(f"fold of {operator.name} by {team}", parts, Wants(48))
        dense = _later(dense_fold, operator, dtypes, 1, team, before=(unit,))
        yield Entry(f"fold of {operator.name} by {team}, vectors", dense, Wants(48, vectors=1))


def _products() -> Iterator[Entry]:
    yield Entry("matmul naive", lambda: naive_matmul(float32, 1), Wants(48))
    yield Entry("matmul shared", lambda: tiled(float32, 1), Wants(48))
    row = (True, False)
    for tile in (LARGE_ODD, MIDDLE, SMALL):
        make = _of(in_registers, float32, 1, tile, row)
        yield Entry(f"matmul registers {tile.rows}x{tile.columns}", make, Wants(128, share=0.45))
    vector = Wants(128, vectors=4, share=0.85)
    yield Entry("matmul vector", lambda: by_vectors(float32, 1, LARGE, row), vector)
    for along in product((True, False), repeat=2):
        label = f"matmul buffered{' a' * along[0]}{' b' * along[1]}"
        yield Entry(label, _of(buffered, float32, 1, LARGE, along), vector)
    wants, wide = Wants(128, 4, share=0.65), Wants(128, 8, share=0.55, float64=True)
    yield Entry("matmul buffered 64x64", _of(buffered, float32, 1, MIDDLE, row), wants)
    yield Entry("matmul buffered 32x32", _of(buffered, float32, 1, SMALL, row), wants)
    yield Entry("matmul float64 64x64", _of(buffered, float64, 1, MIDDLE_FLOAT64, row), wide)
    yield Entry("matmul float64 32x32", _of(buffered, float64, 1, SMALL, row), wide)


def _others() -> Iterator[Entry]:
    for make in (gather, scatter, scatter_add, take_rows, add_rows, pick, pick_by_input):
        yield Entry(make.__name__.replace("_", " "), _of(make, float32, float32), Wants(48))
    yield Entry("fill", _of(fill, float32), Wants(24, float64=True))
    shape, window = Filter((3, 3), (1, 1), (1, 1)), Window((2, 2), (2, 2))
    for convolve in (forward, by_input, by_weight):
        yield Entry(f"convolution {convolve.__name__}", _of(convolve, float32, shape), Wants(96))
    for pool in (average, average_by_input, maximum_pool, maximum_by_input):
        yield Entry(f"pool {pool.__name__}", _of(pool, float32, window), Wants(80))
    for team in (1, WARP, BLOCK):
        yield Entry(f"log softmax by {team}", _of(log_softmax, float32, 1, team), Wants(64))
        back = _of(log_softmax_by_input, float32, 1, team)
        yield Entry(f"log softmax back by {team}", back, Wants(64))
    for vectors in (True, False):
        label = f"dropout{', vectors' * vectors}"
        yield Entry(label, _of(dropout, float32, vectors), Wants(32, vectors=int(vectors)))
    for rule in (PLAIN, HEAVY, NESTEROV, ADAM):
        wants = Wants(56, vectors=rule.arrays)
        yield Entry(f"descent by {rule.name}", _of(descent, rule, float32), wants)


def _operators() -> Iterator[Entry]:
    """Every operator, and every step back through one, in float32."""
    for name, operator in sorted(vars(mt_operators).items()):
        if isinstance(operator, Op):
            out = boolean if operator.predicate else float32
            dtypes = (out, *[float32] * operator.arity)
            dense = (True,) * operator.arity
            wants = Wants(64, vectors=operator.arity, local=name in LIBRARY_TABLES)
            yield Entry(name, _later(vectorised, operator, dtypes, dense, 1), wants)
            yield from _backwards(name, operator)


def _backwards(name: str, operator: Op) -> Iterator[Entry]:
    inputs = 1 + (operator.arity if operator.saves == "inputs" else 1)
    for i, pullback in enumerate(operator.pullbacks):
        if operator.partials[i] not in (mt_operators.zero, mt_operators.one):
            wants = Wants(64, vectors=1, local=name in LIBRARY_TABLES)
            dtypes, dense = (float32,) * (inputs + 1), (True,) * inputs
            yield Entry(f"{name} back {i}", _later(vectorised, pullback, dtypes, dense, 1), wants)


def _later(
    factory: Callable[..., Kernel],
    operator: ElementFn,
    dtypes: tuple[DType, ...],
    *more: object,
    before: tuple[object, ...] = (),
) -> Callable[[], Kernel]:
    """Return what makes a kernel of an operator, when it is called."""
    return lambda: factory(prepare(operator, *dtypes), *before, dtypes, *more)


def _of(factory: Callable[..., Kernel], *arguments: object) -> Callable[[], Kernel]:
    return lambda: factory(*arguments)
