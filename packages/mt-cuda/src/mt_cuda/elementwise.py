"""`map` and `zip`: which kernel, and with which numbers.

What a combination of layouts needs is worked out when it is first met: the kernel, the grid, and
the numbers in the form that a launch takes. After that, an operation is a look-up and a launch.
"""

from typing import Any, NamedTuple

from mt_cuda.device import BLOCK, REPEATS, Device, Grid, Launcher, ceil_div
from mt_cuda.intrinsics import LANES
from mt_cuda.kernels.indexing import LIMIT
from mt_cuda.kernels.map_strided import PER_THREAD, strided
from mt_cuda.kernels.map_vector import vectorised
from mt_cuda.operators import prepare
from mt_cuda.plan import MOST_PLANS, divisible, merged, pieces, skew
from mt_tensor.backend import ElementFn
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides
from mt_tensor.tensor_data import TensorData


class Plan(NamedTuple):
    """A launch, but for the pointers."""

    launcher: Launcher
    grid: Grid
    prepared: Any


class Elementwise:
    """The compiled kernels of one float function."""

    __slots__ = ("_compiled", "_device", "_plans")

    def __init__(self, device: Device) -> None:
        """Compile nothing yet, and keep no function: whoever made it decides how long it lives."""
        self._device = device
        self._plans: dict[Any, Plan] = {}
        self._compiled: dict[Any, Launcher] = {}

    def run(self, fn: ElementFn, tensors: tuple[TensorData, ...]) -> None:
        """Fill the first tensor with the function of the others, all of one shape."""
        size = tensors[0].size
        if size >= LIMIT:
            for piece in pieces(tensors):
                self.run(fn, piece)
        elif size:
            layouts = [(t.storage.dtype, t.strides, skew(t)) for t in tensors]
            key = (tensors[0].shape, *layouts)
            plan = self._plans.get(key) or self._plan(fn, key)
            pointer = self._device.pointer
            pointers = tuple([pointer(t.storage, t.offset) for t in tensors])
            plan.launcher.launch(plan.grid, pointers, plan.prepared)

    def _plan(self, fn: ElementFn, key: Any) -> Plan:
        if len(self._plans) == MOST_PLANS:
            self._plans.clear()
        shape, *layouts = key
        dtypes, strides, remainders = zip(*layouts, strict=True)
        sizes, steps = merged(shape, *strides)
        make = self._vectors if _fits_vectors(sizes, steps, remainders) else self._elements
        self._plans[key] = plan = make(fn, dtypes, sizes, steps)
        return plan

    def _elements(
        self, fn: ElementFn, dtypes: tuple[DType, ...], shape: Shape, strides: tuple[Strides, ...]
    ) -> Plan:
        ndim = len(shape)
        launcher = self._compiled.get((dtypes, ndim))
        if launcher is None:
            launcher = self._device.compile(strided(prepare(fn, *dtypes), dtypes, ndim))
            self._compiled[dtypes, ndim] = launcher
        sizes = divisible(shape)
        grid = (ceil_div(sizes.total, BLOCK * PER_THREAD), 1, 1)
        return Plan(launcher, grid, launcher.prepare(strides[0], strides[1:], *sizes))

    def _vectors(
        self, fn: ElementFn, dtypes: tuple[DType, ...], shape: Shape, strides: tuple[Strides, ...]
    ) -> Plan:
        inner = tuple(steps[-1] for steps in strides[1:])
        dense = tuple(step == 1 for step in inner)
        sizes = divisible((*shape[:-1], ceil_div(shape[-1], LANES)))
        strides = tuple((*steps[:-1], steps[-1] * LANES) for steps in strides)
        key = dtypes, dense, len(shape)
        launcher = self._compiled.get(key)
        if launcher is None:
            launcher = self._device.compile(vectorised(prepare(fn, *dtypes), *key))
            self._compiled[key] = launcher
        count = sizes.total // sizes.sizes[-1] * shape[-1]
        prepared = launcher.prepare(strides[0], strides[1:], *sizes[:3], count, inner)
        return Plan(launcher, (ceil_div(sizes.total, BLOCK * REPEATS), 1, 1), prepared)


def _fits_vectors(shape: Shape, strides: tuple[Strides, ...], remainders: tuple[int, ...]) -> bool:
    """Whether every row is vectors of the output, and of each operand that is not constant."""
    rows_fit = len(shape) == 1 or (shape[-1] % LANES == 0 and shape[-1] > LANES)
    aligned = all(
        steps[-1] == 0 or not (remainder or any(step % LANES for step in steps[:-1]))
        for steps, remainder in zip(strides, remainders, strict=True)
    )
    dense = strides[0][-1] == 1 and all(steps[-1] in (0, 1) for steps in strides)
    return rows_fit and aligned and dense and shape[-1] >= LANES
