"""`reduce`: which kernel, how many threads for an output, and in how many parts.

What a combination of layouts needs is worked out when it is first met. After that, an operation is
a look-up and a launch, or two: where there are few outputs, the first launch leaves partial
results, and those are reduced like any tensor.
"""

from math import prod
from typing import Any, NamedTuple

from mt_cuda.device import BLOCK, SIMULATED, WARP, Device, Grid, Launcher, ceil_div
from mt_cuda.intrinsics import LANES
from mt_cuda.kernels.indexing import LIMIT
from mt_cuda.kernels.reduce_parts import part_fold
from mt_cuda.kernels.reduce_vector import dense_fold
from mt_cuda.operators import prepare, unit_of
from mt_cuda.plan import MOST_PLANS, divisible, merged, skew
from mt_cuda.storage import Storage
from mt_operators import Op
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides, contiguous_strides
from mt_tensor.tensor_data import TensorData

ENOUGH_THREADS = 64 if SIMULATED else 1 << 17
"""Threads that keep a GPU busy: 132 multiprocessors with about a thousand each."""

LEAST_PER_THREAD = 4 if SIMULATED else 32
"""Elements below which another thread is not worth starting."""

MOST_PARTS = 1024


class Fold(NamedTuple):
    """The layouts of a reduction, merged.

    Attributes:
        kept: the sizes of the dimensions that stay.
        to: the strides of the output along them.
        along: the strides of the input along them.
        folded: the sizes of the dimensions that are folded.
        across: the strides of the input along those.
        vectors: whether each output's elements are neighbours that begin at a multiple of `LANES`.
    """

    kept: Shape
    to: Strides
    along: Strides
    folded: Shape
    across: Strides
    vectors: bool


class Plan(NamedTuple):
    """A launch, but for the pointers; it leaves so many parts of each output, in this dtype."""

    launcher: Launcher
    grid: Grid
    prepared: Any
    parts: int
    dtype: DType


class Reduction:
    """The compiled kernels of one operator."""

    __slots__ = ("_compiled", "_device", "_plans")

    def __init__(self, device: Device) -> None:
        """Compile nothing yet."""
        self._device = device
        self._compiled: dict[Any, Launcher] = {}
        self._plans: dict[Any, Plan] = {}

    def run(self, op: Op, out: TensorData, a: TensorData) -> None:
        """Fold `a` along the dimensions where `out` has size 1."""
        if a.size >= LIMIT:
            self._halve(op, out, a)
        elif out.size:
            key = (out.shape, out.strides, out.dtype, a.shape, a.strides, a.dtype, skew(a))
            plan = self._plans.get(key) or self._plan(op, out, a, key)
            target = out if plan.parts == 1 else self._partial(plan.parts, out.shape, plan.dtype)
            pointers = [self._device.pointer(t.storage, t.offset) for t in (target, a)]
            plan.launcher.launch(plan.grid, tuple(pointers), plan.prepared)
            if target is not out:
                self._fold_parts(op, out, target)

    def _halve(self, op: Op, out: TensorData, a: TensorData) -> None:
        """Run on either half of the longest dimension, for ordinals have 31 bits."""
        axis = max(range(a.ndim), key=a.shape.__getitem__)
        half = a.shape[axis] // 2
        halves = [a.narrow(axis, 0, half), a.narrow(axis, half, a.shape[axis] - half)]
        if out.shape[axis] != 1:
            self.run(op, out.narrow(axis, 0, half), halves[0])
            self.run(op, out.narrow(axis, half, out.shape[axis] - half), halves[1])
            return
        partial = self._partial(2, out.shape, out.dtype)
        strides = partial.strides[1:]
        for part, source in enumerate(halves):
            self.run(op, partial.restrided(out.shape, strides, part * out.size), source)
        self._fold_parts(op, out, partial)

    def _partial(self, parts: int, shape: Shape, dtype: DType) -> TensorData:
        size = parts * prod(shape)
        memory = self._device.allocate(size * dtype.itemsize)
        return TensorData(Storage(memory, size, dtype), (parts, *shape))

    def _fold_parts(self, op: Op, out: TensorData, partial: TensorData) -> None:
        self.run(op, out.restrided((1, *out.shape), (0, *out.strides)), partial)

    def _plan(self, op: Op, out: TensorData, a: TensorData, key: Any) -> Plan:
        if len(self._plans) == MOST_PLANS:
            self._plans.clear()
        fold = _merge(out, a)
        team, parts, chunk = _divide(fold)
        if parts > 1:
            fold = _merge(out.restrided(out.shape, contiguous_strides(out.shape)), a)
        dtypes = prepare(op, out.dtype, a.dtype).dtype if parts > 1 else out.dtype, a.dtype
        launcher = self._launcher(op, dtypes, fold, team)
        outputs, folded = divisible(fold.kept), divisible(fold.folded)
        extent = (folded.total,) if fold.vectors else (fold.across, *folded)
        prepared = launcher.prepare(fold.to, fold.along, *outputs, *extent, chunk, out.size)
        grid = (ceil_div(outputs.total, BLOCK // team), parts, 1)
        self._plans[key] = plan = Plan(launcher, grid, prepared, parts, dtypes[0])
        return plan

    def _launcher(self, op: Op, dtypes: tuple[DType, DType], fold: Fold, team: int) -> Launcher:
        key = dtypes, len(fold.kept), len(fold.folded), team, fold.vectors
        if key not in self._compiled:
            function = prepare(op, *dtypes)
            unit, dims = unit_of(op, function.dtype), (len(fold.kept), len(fold.folded))
            if fold.vectors:
                kernel = dense_fold(function, unit, dtypes, dims[0], team)
            else:
                kernel = part_fold(function, unit, dtypes, dims, team)
            self._compiled[key] = self._device.compile(kernel)
        return self._compiled[key]


def _merge(out: TensorData, a: TensorData) -> Fold:
    stays = [d for d in range(out.ndim) if out.shape[d] != 1]
    goes = [d for d in range(out.ndim) if out.shape[d] == 1]
    kept, (to, along) = merged(
        tuple(out.shape[d] for d in stays),
        tuple(out.strides[d] for d in stays),
        tuple(a.strides[d] for d in stays),
    )
    folded, (across,) = merged(tuple(a.shape[d] for d in goes), tuple(a.strides[d] for d in goes))
    aligned = skew(a) == 0 and not any(step % LANES for step in along)
    vectors = across == (1,) and aligned and folded[0] >= LANES
    return Fold(kept, to, along, folded, across, vectors)


def _divide(fold: Fold) -> tuple[int, int, int]:
    """Choose how many threads fold an output, in how many parts of how many elements."""
    outputs, length = prod(fold.kept), prod(fold.folded)
    dense_rows = min(map(abs, fold.across)) <= min(map(abs, fold.along)) or outputs < WARP
    if dense_rows:
        team = BLOCK if length > LEAST_PER_THREAD * WARP else WARP if length > WARP // 4 else 1
    else:
        team = 1
    wanted = ENOUGH_THREADS // (outputs * team)
    parts = max(min(wanted, length // (team * LEAST_PER_THREAD), MOST_PARTS), 1)
    chunk = ceil_div(ceil_div(length, parts), LANES) * LANES
    return team, max(ceil_div(length, chunk), 1) if length else 1, max(chunk, LANES)
