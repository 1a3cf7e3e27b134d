"""`reduce`: which kernel, with which loops and in how many segments."""

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numba
import numpy as np
from numba.core.errors import NumbaError

from mt_fast.compiler import Entry, array_type, bind, compile_kernel, explain, identify, inner
from mt_fast.elementwise import compute_dtype
from mt_fast.kernels import reduce as kernels
from mt_fast.threads import get_num_threads
from mt_fast.twins import twins
from mt_operators import Op, add, mul
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides, merge_dimensions
from mt_tensor.lowering import lower
from mt_tensor.tensor_data import TensorData

ROW_BLOCK = 2048
"""Elements that `rows` folds in one go: long enough to hide the tournament."""

COLUMN_BLOCK = 32
"""Elements that `columns` folds into an output in one go."""

SEGMENT = 1 << 16
"""Folded elements of an output in a segment, about."""

PARALLEL_SIZE = 1 << 17
"""Elements from which threads gain more than their launch costs."""

ASSOCIATIVE = (add, mul)
"""Operators that LLVM may reorder within a block, to fold several elements at once."""


class Plan(NamedTuple):
    """The loops over one combination of layouts.

    Attributes:
        dense: whether the folded dimensions are the dense ones: `rows`, else `columns`.
        step: the inner stride of the input, if it is 1; else -1.
        kept: sizes of the kept dimensions, the last one the segments.
        kept_strides: (dimension, 2), the strides of the output and the input.
        folded: sizes of the folded dimensions.
        folded_strides: the strides of the input.
        segments: how many parts each fold has.
        chunk: how many outputs a thread takes at a time.
        count: how many units of work there are.
    """

    dense: bool
    step: int
    kept: np.ndarray[Any, Any]
    kept_strides: np.ndarray[Any, Any]
    folded: np.ndarray[Any, Any]
    folded_strides: np.ndarray[Any, Any]
    segments: int
    chunk: int
    count: int


@lru_cache(maxsize=4096)
def plan(shape: Shape, out_shape: Shape, out_strides: Strides, strides: Strides) -> Plan:
    """Plan the fold of a layout into another, whose sizes are 1 where it folds."""
    order = sorted(range(len(shape)), key=lambda d: -abs(strides[d]))
    kept_dims = [d for d in order if out_shape[d] == shape[d]]
    folded_dims = [d for d in order if out_shape[d] != shape[d]]
    kept, (to, source) = merge_dimensions(
        tuple(shape[d] for d in kept_dims),
        tuple(out_strides[d] for d in kept_dims),
        tuple(strides[d] for d in kept_dims),
    )
    folded, (down,) = merge_dimensions(
        tuple(shape[d] for d in folded_dims), tuple(strides[d] for d in folded_dims)
    )
    folded, down = (folded, down) if folded else ((1,), (0,))
    dense = not kept or abs(down[-1]) <= abs(source[-1]) or source[-1] == 0
    kept, to, source = (kept, to, source) if kept else ((1,), (0,), (0,))
    segments = _segments(dense=dense, outputs=prod(kept), depth=prod(folded))
    strips = prod(kept[:-1]) * -(-kept[-1] // kernels.WIDTH)
    return Plan(
        dense=dense,
        step=1 if (down if dense else source)[-1] == 1 else -1,
        kept=np.array((*kept, segments), np.int64),
        kept_strides=np.array([*zip(to, source, strict=True), (1, 0)], np.int64),
        folded=np.array(folded, np.int64),
        folded_strides=np.array(down, np.int64),
        segments=segments,
        chunk=max(1, SEGMENT // max(prod(folded), 1)),
        count=segments * (prod(kept) if dense else strips),
    )


def _segments(*, dense: bool, outputs: int, depth: int) -> int:
    """Cut long folds into few outputs, so that threads can share them."""
    if outputs * depth < PARALLEL_SIZE or outputs >= (64 if dense else 64 * kernels.WIDTH):
        return 1
    return max(1, min(depth, outputs * depth // SEGMENT))


class Reduction:
    """The compiled kernels of one operator."""

    __slots__ = ("_compiled",)

    def __init__(self) -> None:
        """Compile nothing yet."""
        self._compiled: dict[tuple[Any, ...], Entry] = {}

    def run(self, op: Op, out: TensorData, a: TensorData) -> None:
        """Fold `a` into `out`."""
        how = plan(a.shape, out.shape, out.strides, a.strides)
        if how.segments > 1:
            self._run_segments(op, out, a, how.segments)
        elif how.count:
            self._launch(op, out, a, how)

    def _run_segments(self, op: Op, out: TensorData, a: TensorData, segments: int) -> None:
        """Fold each segment into an output of its own, then those into `out`."""
        dtype = compute_dtype(out.dtype, a.dtype)
        shape = (*out.shape, segments)
        parts = TensorData(np.empty(prod(shape), dtype), shape)
        how = plan(a.shape, out.shape, parts.strides[:-1], a.strides)
        self._launch(op, parts, a, how)
        self.run(op, out.restrided((*out.shape, 1), (*out.strides, 0)), parts)

    def _launch(self, op: Op, out: TensorData, a: TensorData, how: Plan) -> None:
        work = a.size
        parallel = work >= PARALLEL_SIZE and how.count > 1 and get_num_threads() > 1
        key = (how.dense, how.step, parallel, out.storage.dtype, a.storage.dtype)
        entry = self._compiled.get(key)
        if entry is None:
            self._compiled[key] = entry = _compile(op, key)
        entry(out.storage, a.storage, (out.offset, a.offset), *how[2:])


def _compile(op: Op, key: tuple[Any, ...]) -> Entry:
    dense, step, parallel, *dtypes = key
    template = _TEMPLATES[dense, parallel]
    dtype = compute_dtype(*dtypes)
    fastmath = {"reassoc"} if op in ASSOCIATIVE else False
    block = ROW_BLOCK if dense else COLUMN_BLOCK
    constants = {"UNIT": _unit(op, dtype), "BLOCK": block, "STEP": step}
    fn = lower(op, lambda function: inner(function, fastmath=fastmath), dtype, twins(dtype))
    bindings = {**constants, "fn": fn, "number": numba.from_dtype(dtype)}
    for helper in _HELPERS:
        bindings[helper.__name__] = inner(bind(helper, bindings, helper.__name__))
    try:
        return compile_kernel(
            template, _signature(dtypes), bindings, identify(op, constants), parallel=parallel
        )
    except NumbaError as error:
        raise explain(op.name, error) from None


def _unit(op: Op, dtype: DType) -> float | int:
    """Return the unit as a number of the dtype: the lowest or highest integer for an infinity."""
    if dtype.kind == "f":
        return float(op.unit or 0.0)
    limits = np.iinfo(dtype)
    return int(min(max(op.unit or 0.0, float(limits.min)), float(limits.max)))


def _signature(dtypes: list[DType]) -> Any:
    out, a = map(array_type, dtypes)
    i = numba.int64
    sizes, strides = i[::1], i[:, ::1]
    at = numba.types.UniTuple(i, 2)
    return numba.void(out, a, at, sizes, strides, sizes, sizes, i, i, i)


_TEMPLATES: dict[tuple[bool, bool], Callable[..., Any]] = {
    (True, False): kernels.rows,
    (True, True): kernels.rows_parallel,
    (False, False): kernels.columns,
    (False, True): kernels.columns_parallel,
}

_HELPERS = (
    kernels.block_at,
    kernels.unit_at,
    kernels.fold_run,
    kernels.fold_row,
    kernels.fold_block,
    kernels.meet,
    kernels.fold_strip,
    kernels.strip_unit,
)
"""In the order in which they call one another."""
