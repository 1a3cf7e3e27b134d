"""`matmul`: which kernel, with which tile, and whether to divide along K.

What a combination of layouts needs is worked out when it is first met.
"""

from typing import Any, NamedTuple

from mt_cuda.device import SIMULATED, Device, Grid, Launcher, ceil_div
from mt_cuda.intrinsics import LANES
from mt_cuda.kernels.matmul_buffered import buffered
from mt_cuda.kernels.matmul_registers import in_registers
from mt_cuda.kernels.tile import Tile
from mt_cuda.plan import MOST_PLANS, divisible, merged, skew
from mt_cuda.reduction import Reduction
from mt_cuda.storage import Storage
from mt_operators import add
from mt_tensor.dtypes import DType, float32
from mt_tensor.layout import Shape, Strides
from mt_tensor.tensor_data import TensorData

LARGE = Tile(128, 128, 16, 8, 8, blocks=2)
MIDDLE = Tile(64, 64, 16, 4, 4, blocks=3)
SMALL = Tile(32, 32, 16, 4, 4, blocks=8)
LARGE_ODD = Tile(128, 128, 8, 8, 8, blocks=2)
"""In place of `LARGE` where vectors do not fit: half the loads in flight, or registers spill."""

MIDDLE_FLOAT64 = Tile(64, 64, 16, 4, 4, blocks=2)
LEAST = Tile(16, 16, 4, 4, 4) if SIMULATED else SMALL
"""The smallest tile; the only one in the simulator."""

ENOUGH_BLOCKS = 4 if SIMULATED else 132
"""Blocks that keep a GPU busy: one for each multiprocessor."""

LEAST_DEPTH = 16 if SIMULATED else 256
"""How far along K a block goes at least, where the product is divided along it."""

MOST_BLOCKS_DEEP = 65535
"""Blocks in the third dimension of a grid."""


class Plan(NamedTuple):
    """The launches of a product, but for the pointers: the grid and the numbers of each."""

    launcher: Launcher
    launches: tuple[tuple[Grid, Any], ...]


class Product:
    """The compiled kernels of the matrix product."""

    __slots__ = ("_compiled", "_device", "_plans", "_sums")

    def __init__(self, device: Device) -> None:
        """Compile nothing yet."""
        self._device = device
        self._compiled: dict[Any, Launcher] = {}
        self._plans: dict[Any, Plan] = {}
        self._sums = Reduction(device)

    def run(self, out: TensorData, a: TensorData, b: TensorData) -> None:
        """Multiply every pair of matrices."""
        if not out.size:
            return
        slices = _slices(out, a)
        if slices > 1:
            self._run_divided(out, a, b, slices)
            return
        tensors = out, a, b
        key = (out.shape, a.shape[-1], *[(t.strides, skew(t)) for t in tensors], out.dtype)
        plan = self._plans.get(key) or self._plan(tensors, key)
        pointers = tuple([self._device.pointer(t.storage, t.offset) for t in tensors])
        for grid, prepared in plan.launches:
            plan.launcher.launch(grid, pointers, prepared)

    def _run_divided(self, out: TensorData, a: TensorData, b: TensorData, slices: int) -> None:
        """Multiply slices of K as one more batch dimension, and add them up."""
        chunk, (*_, along_a), (*_, along_b, _) = a.shape[-1] // slices, a.strides, b.strides
        left = a.restrided((slices, *a.shape[:-1], chunk), (chunk * along_a, *a.strides))
        shape = (slices, *b.shape[:-2], chunk, b.shape[-1])
        right = b.restrided(shape, (chunk * along_b, *b.strides))
        size = slices * out.size
        memory = self._device.allocate(size * out.dtype.itemsize)
        partial = TensorData(Storage(memory, size, out.dtype), (slices, *out.shape))
        self.run(partial, left, right)
        self._sums.run(add, out.restrided((1, *out.shape), (0, *out.strides)), partial)

    def _plan(self, tensors: tuple[TensorData, ...], key: Any) -> Plan:
        if len(self._plans) == MOST_PLANS:
            self._plans.clear()
        out, a, b = tensors
        batch, steps = merged(out.shape[:-2], *[t.strides[:-2] for t in tensors])
        matrices = divisible(batch)
        rows, columns = out.shape[-2:]
        along = _along(a.strides[-2:]), not _along(b.strides[-2:])
        vectors = _fits_vectors(tensors, along)
        tile = choose_tile(out.shape[-2:], matrices.total, out.dtype, vectors=vectors)
        launcher = self._launcher(out.dtype, len(batch), tile, along, vectors)
        shape, strides = (rows, columns, a.shape[-1]), tuple(t.strides[-2:] for t in tensors)
        across, down = ceil_div(columns, tile.columns), ceil_div(rows, tile.rows)
        launches = []
        for first in range(0, matrices.total, MOST_BLOCKS_DEEP):
            grid = (across, down, min(matrices.total - first, MOST_BLOCKS_DEEP))
            launches.append((grid, launcher.prepare(shape, strides, steps, matrices[:3], first)))
        self._plans[key] = plan = Plan(launcher, tuple(launches))
        return plan

    def _launcher(
        self,
        dtype: DType,
        ndim: int,
        tile: Tile,
        along: tuple[bool, bool],
        vectors: bool,  # noqa: FBT001
    ) -> Launcher:
        key = dtype, ndim, tile, along, vectors
        if key not in self._compiled:
            make = buffered if vectors else in_registers
            self._compiled[key] = self._device.compile(make(dtype, ndim, tile, along))
        return self._compiled[key]


def choose_tile(shape: Shape, matrices: int, dtype: DType, *, vectors: bool) -> Tile:
    """Return the largest tile with which there are blocks for a whole GPU, else the smallest."""
    if SIMULATED:
        return LEAST
    large = LARGE if vectors else LARGE_ODD
    for tile in (large, MIDDLE) if dtype == float32 else (MIDDLE_FLOAT64,):
        blocks = ceil_div(shape[0], tile.rows) * ceil_div(shape[1], tile.columns) * matrices
        if blocks >= ENOUGH_BLOCKS:
            return tile
    return SMALL


def _slices(out: TensorData, a: TensorData) -> int:
    """Return in how many equal slices to divide K: more than 1 if there are too few blocks."""
    rows, columns, depth = *out.shape[-2:], a.shape[-1]
    matrices = out.size // (rows * columns)
    blocks = ceil_div(rows, LEAST.rows) * ceil_div(columns, LEAST.columns) * matrices
    slices = 1
    while blocks * slices < ENOUGH_BLOCKS and depth % (2 * slices * LEAST.depth) == 0:
        if depth // (2 * slices) < LEAST_DEPTH:
            break
        slices *= 2
    return slices


def _along(strides: Strides) -> bool:
    """Whether the second dimension of a matrix is the denser one."""
    return abs(strides[1]) <= abs(strides[0])


def _fits_vectors(tensors: tuple[TensorData, ...], along: tuple[bool, bool]) -> bool:
    """Whether all rows of all matrices are dense and begin at multiples of `LANES`."""
    transposed = False, not along[0], along[1]
    for t, flipped in zip(tensors, transposed, strict=True):
        outer, inner = (-1, -2) if flipped else (-2, -1)
        others = (skew(t), t.shape[inner], t.strides[outer], *t.strides[:-2])
        if t.strides[inner] != 1 or any(step % LANES for step in others):
            return False
    return True
