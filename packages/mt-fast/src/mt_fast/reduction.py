"""`reduce`: which kernel, with which loops and in how many segments."""

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numba
import numpy as np

from mt_fast.compiler import Kernel, bind_helpers, compile_operator, element_types, inner
from mt_fast.elementwise import compute_dtype
from mt_fast.kernels.intrinsics import wide
from mt_fast.kernels.intrinsics.instruction import EXAMINED
from mt_fast.kernels.reduce import vectorized as kernels
from mt_fast.launching import (
    CHUNK,
    PARALLEL_SIZE,
    REMEMBERED,
    Ready,
    Started,
    described,
    run_parallel,
    scratch,
    starter,
)
from mt_fast.threads import get_num_threads
from mt_fast.twins import twins
from mt_operators import Op, add, maximum, minimum, mul
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides, merge_dimensions
from mt_tensor.lowering import lower
from mt_tensor.tensor_data import TensorData

ROW_BLOCK = 4096
"""Elements that `rows` folds in one go: long enough to hide the tournament."""

STEPPED_BLOCK = 256
"""The same for elements that do not lie side by side, which are folded one after the other: short
enough that the error of a running sum stays small."""

COLUMN_BLOCK = 64
"""Elements that `columns` folds into an output in one go."""

SEGMENT = 1 << 16
"""Folded elements of an output in a segment, about."""

FEW = 64
"""So many units of work are enough for any number of threads."""

ASSOCIATIVE = (add, mul)
"""Operators that LLVM may reorder within a block, to fold several elements at once."""

WIDE = {add: wide.ADD, mul: wide.MUL, maximum: wide.MAXIMUM, minimum: wide.MINIMUM}
"""Operators that fold whole vectors, where floats lie side by side."""


class Plan(NamedTuple):
    """The loops over one combination of layouts.

    Attributes:
        kernel: its name; `columns` where the folded dimensions are not the dense ones.
        step: the inner stride of the input, if it is 1; else -1.
        layout: as `mt_fast.kernels.reduce.vectorized` reads it.
        units: how many units of work there are.
        chunk: how many of them a thread takes at a time.
        segments: how many parts each fold has.
        parallel: whether it is worth several threads.
    """

    kernel: str
    step: int
    layout: np.ndarray[Any, Any]
    units: int
    chunk: int
    segments: int
    parallel: bool


@lru_cache(maxsize=4096)
def plan(shape: Shape, out_shape: Shape, out_strides: Strides, strides: Strides) -> Plan:
    """Plan the fold of a layout into another, whose sizes are 1 where it folds."""
    order = sorted(range(len(shape)), key=lambda d: -abs(strides[d]))
    kept, (to, source) = _merged(
        [(shape[d], out_strides[d], strides[d]) for d in order if out_shape[d] == shape[d]]
    )
    folded, (_, down) = _merged(
        [(shape[d], 0, strides[d]) for d in order if out_shape[d] != shape[d]]
    )
    dense = kept == (1,) or source[-1] == 0 or abs(down[-1]) <= abs(source[-1])
    outputs, depth = prod(kept), prod(folded)
    units = outputs if dense else prod(kept[:-1]) * -(-kept[-1] // kernels.WIDTH)
    parallel = outputs * depth >= PARALLEL_SIZE
    segments = max(min(depth, outputs * depth // SEGMENT), 1) if parallel and units < FEW else 1
    words = [len(kept) + 1, len(folded), segments, *kept, segments]
    words += [step for pair in zip(to, source, strict=True) for step in pair]
    words += [1, 0, *folded, *down]
    step = 1 if (down if dense else source)[-1] == 1 else -1
    short = len(folded) == segments == 1 and depth <= _row_block(step)
    return Plan(
        "rows" if dense and short else "long_rows" if dense else "columns",
        step,
        np.array(words, np.int64),
        units * segments,
        max(CHUNK // max(depth, 1), 1) if dense and segments == 1 else 1,
        segments,
        parallel,
    )


def _row_block(step: int) -> int:
    return ROW_BLOCK if step == 1 and not EXAMINED else STEPPED_BLOCK


def _merged(dims: list[tuple[int, int, int]]) -> tuple[Shape, tuple[Strides, ...]]:
    """Merge dimensions of (size, stride of the output, stride of the input); at least one."""
    sizes, *strides = zip(*dims, strict=True) if dims else ((), (), ())
    merged, steps = merge_dimensions(sizes, *strides)
    return (merged, steps) if merged else ((1,), ((0,), (0,)))


class Reduction:
    """The compiled kernels of one operator, and the layouts that it has met."""

    __slots__ = ("_kernels", "_ready")

    def __init__(self) -> None:
        """Compile nothing yet."""
        self._kernels: dict[tuple[Any, ...], Kernel] = {}
        self._ready: dict[tuple[Shape | Strides, ...], Ready] = {}

    def run(self, op: Op, out: TensorData, a: TensorData) -> None:
        """Fold `a` into `out`."""
        ready = self._ready.get((out.shape, out.strides, a.shape, a.strides))
        if ready is not None:
            start, words, large, _ = ready
            if (not large or get_num_threads() == 1) and start(
                words, out.storage, a.storage, out.offset, a.offset
            ):
                return
        how = plan(a.shape, out.shape, out.strides, a.strides)
        if how.segments == 1:
            self._launch(op, out, a, how)
        else:
            self._run_segments(op, out, a, how.segments)

    def ready(self, out: TensorData, a: TensorData) -> Started | None:
        """Return what starts such a fold on this thread; None if nothing is prepared."""
        known = self._ready.get((out.shape, out.strides, a.shape, a.strides))
        return None if known is None or known.large else (known.start, known.words)

    def _run_segments(self, op: Op, out: TensorData, a: TensorData, segments: int) -> None:
        """Fold each segment into an output of its own, then those into `out`."""
        dtype = compute_dtype(out.dtype, a.dtype)
        shape = (*out.shape, segments)
        parts = scratch(shape, dtype)
        self._launch(op, parts, a, plan(a.shape, out.shape, parts.strides[:-1], a.strides))
        self.run(op, out.restrided((*out.shape, 1), (*out.strides, 0)), parts)

    def _launch(self, op: Op, out: TensorData, a: TensorData, how: Plan) -> None:
        storages, offsets = (out.storage, a.storage), (out.offset, a.offset)
        dtypes = [storage.dtype for storage in storages]
        kernel = self._kernel(op, dtypes, how)
        if how.units > 1 and how.parallel and get_num_threads() > 1:
            run_parallel(kernel.address, storages, offsets, how.layout, how.units, how.chunk)
            return
        words = described(kernel, how.units, how.layout, dtypes)
        start = starter(2)
        start(words, *storages, *offsets)
        if how.segments == 1:
            if len(self._ready) >= REMEMBERED:
                self._ready.clear()
            key = out.shape, out.strides, a.shape, a.strides
            self._ready[key] = Ready(start, words, how.parallel and how.units > 1, dtypes)

    def _kernel(self, op: Op, dtypes: list[DType], how: Plan) -> Kernel:
        key = how.kernel, how.step, *[dtype.num for dtype in dtypes]
        kernel = self._kernels.get(key)
        if kernel is None:
            self._kernels[key] = kernel = _compile(op, dtypes, how)
        return kernel


def _compile(op: Op, dtypes: list[DType], how: Plan) -> Kernel:
    dtype = compute_dtype(*dtypes)
    kinds = element_types(*dtypes)
    alike = how.step == 1 and dtype.kind == "f" and set(dtypes) == {dtype}
    fold = WIDE.get(op) if alike and not EXAMINED else None
    constants = {
        "OUT": kinds[:1],
        "OPERANDS": kinds[1:],
        "ALL": kinds,
        "UNIT": _unit(op, dtype),
        "BLOCK": COLUMN_BLOCK if how.kernel == "columns" else _row_block(how.step),
        "STEP": how.step,
        "LINES": wide.LINES if fold else 1,
    }
    fastmath = {"reassoc"} if op in ASSOCIATIVE else False
    fn = lower(op, lambda function: inner(function, fastmath=fastmath), dtype, twins(dtype))
    bindings = {**constants, "fn": fn, "number": numba.from_dtype(dtype)}
    bind_helpers(bindings, *_HELPERS)
    bindings.update(_vectors(fold) if fold else {"fold_lines": bindings["fold_line"]})
    bind_helpers(bindings, kernels.fold_block)
    return compile_operator(getattr(kernels, how.kernel), op, bindings, constants)


def _vectors(fold: wide.Fold) -> dict[str, Any]:
    """Return what folds vectors in place of loops."""
    return {
        "fold_run": wide.run_of(fold),
        "fold_line": wide.lines_of(fold, 1),
        "fold_lines": wide.lines_of(fold, wide.LINES),
    }


def _unit(op: Op, dtype: DType) -> float | int:
    """Return the unit as a number of the dtype: the lowest or highest integer for an infinity."""
    unit = op.unit or 0.0
    if dtype.kind == "f":
        return unit
    limits = np.iinfo(dtype)
    return limits.min if unit < limits.min else limits.max if unit > limits.max else int(unit)


_HELPERS = (
    kernels.block_at,
    kernels.blocks_of,
    kernels.output_at,
    kernels.bits_of,
    kernels.trailing_ones,
    kernels.fill,
    kernels.meet,
    kernels.fold_run,
    kernels.fold_line,
)
"""In the order in which they call one another; then comes `fold_block`."""
