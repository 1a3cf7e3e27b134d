"""`map` and `zip`: which kernel, with which loops.

A layout is planned once and remembered: dimensions are sorted by the output, merged, and split
into outer loops and one rectangle. For each operator and dtypes, a kernel is compiled for flat
storages, and one for each class of inner strides that is met.
"""

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numba
import numpy as np
from numba.core.errors import NumbaError

from mt_fast.compiler import Entry, array_type, bind, compile_kernel, explain, identify, inner
from mt_fast.kernels import elementwise as kernels
from mt_fast.threads import get_num_threads
from mt_fast.twins import twins
from mt_operators import Op
from mt_tensor.backend import ElementFn
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides, merge_dimensions
from mt_tensor.lowering import lower
from mt_tensor.tensor_data import TensorData

TILE = 32
"""Side of a tile: two tiles of float64, 2 x 8 KiB, stay in the first-level cache."""

CHUNK = 1 << 15
"""Elements of a unit of work."""

PARALLEL_SIZE = 1 << 17
"""Elements from which threads gain more than their launch costs, for cheap operators."""


class Plan(NamedTuple):
    """The loops over one combination of layouts.

    Attributes:
        kinds: the class of layouts, for the output and each operand: inner stride 0, 1, or -1.
        sizes: of each dimension, at least two.
        strides: (dimension, operand), the output first.
        rows: of a rectangle.
        columns: of a rectangle.
        units: how many rectangles there are.
    """

    kinds: tuple[int, ...]
    sizes: np.ndarray[Any, Any]
    strides: np.ndarray[Any, Any]
    rows: int
    columns: int
    units: int


@lru_cache(maxsize=4096)
def plan(shape: Shape, *operands: Strides) -> Plan:
    """Plan the loops over operands of these strides, the output first."""
    order = sorted(range(len(shape)), key=lambda d: -abs(operands[0][d]))
    shape = tuple(shape[d] for d in order)
    operands = tuple(tuple(strides[d] for d in order) for strides in operands)
    sizes, strides = merge_dimensions(shape, *operands)
    steps = list(zip(*strides, strict=True)) if sizes else []
    while len(sizes) < 2:  # noqa: PLR2004
        sizes = (1, *sizes)
        steps.insert(0, (0,) * len(operands))
    sizes, steps, tiled = _rectangle(list(sizes), steps)
    kinds = tuple(step if step in (0, 1) else -1 for step in steps[-1])
    columns = TILE if tiled else min(max(sizes[-1], 1), CHUNK)
    rows = TILE if tiled else max(CHUNK // columns, 1)
    units = -(-sizes[-1] // columns) * -(-sizes[-2] // rows) * prod(sizes[:-2])
    table = np.array(steps, np.int64)
    return Plan(kinds, np.array(sizes, np.int64), table, rows, columns, units)


def _rectangle(
    sizes: list[int], steps: list[tuple[int, ...]]
) -> tuple[list[int], list[tuple[int, ...]], bool]:
    """Move the dimension along which a disagreeing operand is dense next to the last one.

    Returns:
        The sizes and steps in the new order, and whether to visit them in tiles.
    """
    for k in range(len(steps[0])):
        dense = [d for d in range(len(sizes) - 1) if 0 < abs(steps[d][k]) < abs(steps[-1][k])]
        if dense:
            row = min(dense, key=lambda d: abs(steps[d][k]))
            order = [d for d in range(len(sizes) - 1) if d != row] + [row, len(sizes) - 1]
            return [sizes[d] for d in order], [steps[d] for d in order], True
    return sizes, steps, False


class Elementwise:
    """The compiled kernels of one float function."""

    __slots__ = ("_compiled", "_flat")

    def __init__(self) -> None:
        """Compile nothing yet."""
        self._flat: dict[tuple[DType, ...], Entry] = {}
        self._compiled: dict[tuple[Any, ...], Entry] = {}

    def run(self, fn: ElementFn, out: TensorData, operands: tuple[TensorData, ...]) -> None:
        """Fill `out` with the function of the operands, which have its shape."""
        storages = tuple([a.storage for a in operands])
        dtypes = (out.storage.dtype, *[s.dtype for s in storages])
        size = out.size
        parallel = size >= PARALLEL_SIZE and get_num_threads() > 1
        if not parallel and _agree(size, out, operands):
            entry = self._flat.get(dtypes) or self._compile_flat(fn, dtypes)
            entry(out.storage, storages)
            return
        how = plan(out.shape, out.strides, *[a.strides for a in operands])
        if how.units:
            key = (how.kinds, parallel and how.units > 1, *dtypes)
            entry = self._compiled.get(key) or self._compile_blocks(fn, key)
            start = (out.offset, *[a.offset for a in operands])
            entry(out.storage, storages, start, *how[1:])

    def _compile_flat(self, fn: ElementFn, dtypes: tuple[DType, ...]) -> Entry:
        arrays = [array_type(dtype) for dtype in dtypes]
        signature = numba.void(arrays[0], numba.types.Tuple(arrays[1:]))
        constants = {"STARTS": (0,) * len(dtypes), "STEPS": (1,) * len(dtypes)}
        self._flat[dtypes] = entry = _compile(fn, kernels.flat, signature, constants, dtypes)
        return entry

    def _compile_blocks(self, fn: ElementFn, key: tuple[Any, ...]) -> Entry:
        kinds, parallel, *dtypes = key
        arrays = [array_type(dtype) for dtype in dtypes]
        i = numba.int64
        signature = numba.void(
            arrays[0],
            numba.types.Tuple(arrays[1:]),
            numba.types.UniTuple(i, len(dtypes)),
            i[::1],
            i[:, ::1],
            i,
            i,
            i,
        )
        template = kernels.blocks_parallel if parallel else kernels.blocks
        constants = {"STEPS": kinds}
        self._compiled[key] = entry = _compile(
            fn, template, signature, constants, tuple(dtypes), parallel=parallel
        )
        return entry


def _compile(  # noqa: PLR0913
    fn: ElementFn,
    template: Callable[..., Any],
    signature: Any,
    constants: dict[str, Any],
    dtypes: tuple[DType, ...],
    *,
    parallel: bool = False,
) -> Entry:
    dtype = compute_dtype(*dtypes)
    lowered = lower(fn, inner, dtype, twins(dtype))
    bindings = {**constants, "fn": lowered, "number": numba.from_dtype(dtype)}
    bindings["block"] = inner(bind(kernels.block, bindings, "block"))
    try:
        return compile_kernel(
            template, signature, bindings, identify(fn, constants), parallel=parallel
        )
    except NumbaError as error:
        raise explain(fn.name if isinstance(fn, Op) else fn.__name__, error) from None


def compute_dtype(*dtypes: DType) -> DType:
    """Return what to compute in: the widest float among the dtypes, else int64."""
    floats = [dtype for dtype in dtypes if dtype.kind == "f"]
    return max(floats, key=lambda dtype: dtype.itemsize) if floats else np.dtype(np.int64)


def _agree(size: int, out: TensorData, operands: tuple[TensorData, ...]) -> bool:
    """Whether all are whole storages in one order, so that positions can stand for indices.

    `out` does not overlap itself, so if it is as large as its storage then it is all of it.
    """
    strides = out.strides
    if out.offset or len(out.storage) != size:
        return False
    for a in operands:
        if a.strides != strides or a.offset or len(a.storage) != size:
            return False
    return True
