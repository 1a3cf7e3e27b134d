"""`map` and `zip`: which kernel, with which loops."""

from typing import Any, NamedTuple

import numba
import numpy as np

from mt_fast.compiler import Kernel, compile_operator, element_types, inner
from mt_fast.kernels.map import tiled as kernels
from mt_fast.launching import (
    APART,
    PARALLEL_SIZE,
    REMEMBERED,
    Started,
    described,
    run_parallel,
    starter,
)
from mt_fast.layouts import Loops, loops
from mt_fast.threads import get_num_threads
from mt_fast.twins import twins
from mt_tensor.backend import ElementFn
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides
from mt_tensor.lowering import lower
from mt_tensor.tensor_data import TensorData

Layouts = tuple[Shape | Strides, ...]
"""The common shape, and the strides of the output and of each operand."""


class Plan(NamedTuple):
    """What is prepared for storages of these dtypes in these layouts.

    Attributes:
        words: what `mt_fast.kernels.starting` reads.
        loops: over these layouts.
        kernel: to call.
        dtypes: of the storages. They are known by their addresses, so they are kept.
    """

    words: np.ndarray[Any, Any]
    loops: Loops
    kernel: Kernel
    dtypes: list[DType]


class Elementwise:
    """The compiled kernels of one float function, and the layouts that it has met."""

    __slots__ = ("_kernels", "_plans", "_ready")

    def __init__(self) -> None:
        """Compile nothing yet."""
        self._kernels: dict[tuple[Any, ...], Kernel] = {}
        self._plans: dict[tuple[Any, ...], Plan] = {}
        # The last plan for each combination of layouts, and what starts it on this thread. That
        # compares the dtypes, which takes a nanosecond; as a part of the key they took 0.2 us.
        self._ready: dict[Layouts, Started] = {}

    def ready(self, layouts: Layouts) -> Started | None:
        """Return what starts the kernel for these layouts on this thread; None if nothing does."""
        return self._ready.get(layouts)

    def map(self, fn: ElementFn, out: TensorData, a: TensorData) -> None:
        """Fill `out` with the function of `a`, which has its shape."""
        ready = self._ready.get((out.shape, out.strides, a.strides))
        if ready is not None:
            start, words = ready
            if start(words, out.storage, a.storage, out.offset, a.offset):
                return
        self.run(fn, out, (a,))

    def zip(self, fn: ElementFn, out: TensorData, a: TensorData, b: TensorData) -> None:
        """Fill `out` with the function of `a` and `b`, which have its shape."""
        ready = self._ready.get((out.shape, out.strides, a.strides, b.strides))
        if ready is not None:
            start, words = ready
            if start(words, out.storage, a.storage, b.storage, out.offset, a.offset, b.offset):
                return
        self.run(fn, out, (a, b))

    def run(self, fn: ElementFn, out: TensorData, operands: tuple[TensorData, ...]) -> None:
        """Fill `out` with the function of the operands, which have its shape."""
        tensors = out, *operands
        storages = tuple([tensor.storage for tensor in tensors])
        layouts = out.shape, *[tensor.strides for tensor in tensors]
        dtypes = [storage.dtype for storage in storages]
        key = *layouts, *map(id, dtypes)
        plan = self._plans.get(key) or self._plan(fn, key, layouts, dtypes)
        self._start(plan, layouts, storages, tuple([tensor.offset for tensor in tensors]))

    def _start(
        self,
        plan: Plan,
        layouts: Layouts,
        storages: tuple[Any, ...],
        offsets: tuple[int, ...],
    ) -> None:
        words, how, kernel, _ = plan
        large = how.size >= PARALLEL_SIZE
        if large and how.units > 1 and get_num_threads() > 1:
            run_parallel(kernel.address, storages, offsets, how.layout, how.units, how.chunk)
            return
        start = starter(len(storages))
        if len(storages) not in APART:
            start(words, storages, offsets)
            return
        start(words, *storages, *offsets)
        if not large:
            self._ready[layouts] = start, words

    def _plan(
        self, fn: ElementFn, key: tuple[Any, ...], layouts: Layouts, dtypes: list[DType]
    ) -> Plan:
        how = loops(tuple([dtype.itemsize for dtype in dtypes]), *layouts)
        known = how.kinds, *[dtype.num for dtype in dtypes]
        kernel = self._kernels.get(known)
        if kernel is None:
            self._kernels[known] = kernel = _compile(fn, dtypes, how)
        if len(self._plans) >= REMEMBERED:
            self._plans.clear()
            self._ready.clear()
        words = described(kernel, how.units, how.layout, dtypes)
        self._plans[key] = plan = Plan(words, how, kernel, dtypes)
        return plan


def _compile(fn: ElementFn, dtypes: list[DType], how: Loops) -> Kernel:
    dtype = compute_dtype(*dtypes)
    kinds = element_types(*dtypes)
    steps = how.kinds or (1,) * len(kinds)
    constants = {"ALL": kinds, "STEPS": steps}
    lowered = lower(fn, inner, dtype, twins(dtype))
    bindings = {"fn": lowered, "number": numba.from_dtype(dtype)}
    template = kernels.blocks if how.kinds else kernels.flat
    return compile_operator(template, fn, bindings, constants)


def compute_dtype(*dtypes: DType) -> DType:
    """Return what to compute in: the widest float among the dtypes, else int64."""
    floats = [dtype for dtype in dtypes if dtype.kind == "f"]
    return max(floats, key=lambda dtype: dtype.itemsize) if floats else np.dtype(np.int64)
