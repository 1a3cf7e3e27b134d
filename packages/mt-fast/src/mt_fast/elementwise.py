"""`map` and `zip`: which kernel, with which loops."""

from math import prod
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Entry, Kernel, compile_operator, element_types, inner
from mt_fast.kernels.map import tiled as kernels
from mt_fast.launching import CHUNK, NO_LAYOUT, PARALLEL_SIZE, entry, run_parallel
from mt_fast.layouts import Loops, loops
from mt_fast.threads import get_num_threads
from mt_fast.twins import twins
from mt_tensor.backend import ElementFn
from mt_tensor.dtypes import DType
from mt_tensor.lowering import lower
from mt_tensor.tensor_data import TensorData

REMEMBERED = 1024
"""Layouts of one operator whose loops are remembered."""

Known = tuple[Entry, int, Loops]


class Elementwise:
    """The compiled kernels of one float function, and the layouts that it has met."""

    __slots__ = ("_flat", "_kernels", "_known")

    def __init__(self) -> None:
        """Compile nothing yet."""
        self._flat: dict[int, tuple[Entry, Kernel]] = {}
        self._kernels: dict[tuple[Any, ...], Kernel] = {}
        self._known: dict[tuple[Any, ...], Known] = {}

    def run(self, fn: ElementFn, out: TensorData, operands: tuple[TensorData, ...]) -> None:
        """Fill `out` with the function of the operands, which have its shape."""
        storage, strides, shape = out.storage, out.strides, out.shape
        size, code = storage.size, storage.dtype.num
        storages, flat = [storage], not out.offset
        for a in operands:
            source = a.storage
            storages.append(source)
            code = code << 5 | source.dtype.num
            if flat and (a.strides != strides or source.size != size or a.offset):
                flat = False
        # The output does not overlap itself: one as large as its storage is all of it. Operands
        # with the same strides then lie position by position as it does.
        if flat and prod(shape) == size:
            self._run_flat(fn, code, tuple(storages), size)
        else:
            self._run_loops(fn, code, tuple(storages), (out, *operands))

    def _run_flat(self, fn: ElementFn, code: int, storages: tuple[Any, ...], size: int) -> None:
        known = self._flat.get(code)
        if known is None:
            dtypes = [s.dtype for s in storages]
            known = entry(0, *dtypes), _compile(fn, dtypes, (1,) * len(dtypes), flat=True)
            self._flat[code] = known
        start, (address, _) = known
        if size < PARALLEL_SIZE or get_num_threads() == 1:
            start(address, storages, (), NO_LAYOUT, size)
        else:
            run_parallel(address, storages, (), NO_LAYOUT, size, CHUNK)

    def _run_loops(
        self, fn: ElementFn, code: int, storages: tuple[Any, ...], operands: tuple[TensorData, ...]
    ) -> None:
        shape = operands[0].shape
        key = (code, shape, *[a.strides for a in operands])
        start, address, (_, layout, units) = self._known.get(key) or self._plan(fn, key, storages)
        offsets = tuple([a.offset for a in operands])
        if units == 1 or prod(shape) < PARALLEL_SIZE or get_num_threads() == 1:
            start(address, storages, offsets, layout, units)
        else:
            run_parallel(address, storages, offsets, layout, units, 1)

    def _plan(self, fn: ElementFn, key: tuple[Any, ...], storages: tuple[Any, ...]) -> Known:
        code, *layouts = key
        planned = loops(*layouts)
        dtypes = [s.dtype for s in storages]
        kernel = self._kernels.get((code, planned.kinds))
        if kernel is None:
            kernel = _compile(fn, dtypes, planned.kinds, flat=False)
            self._kernels[code, planned.kinds] = kernel
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key] = known = entry(len(dtypes), *dtypes), kernel.address, planned
        return known


def _compile(fn: ElementFn, dtypes: list[DType], steps: tuple[int, ...], *, flat: bool) -> Kernel:
    dtype = compute_dtype(*dtypes)
    kinds = element_types(*dtypes)
    constants = {
        "OUT": kinds[:1],
        "OPERANDS": kinds[1:],
        "ALL": kinds,
        "STARTS": (0,) * len(kinds),
        "STEPS": steps,
    }
    lowered = lower(fn, inner, dtype, twins(dtype))
    bindings = {"fn": lowered, "number": numba.from_dtype(dtype)}
    template = kernels.flat if flat else kernels.blocks
    return compile_operator(template, fn, bindings, constants)


def compute_dtype(*dtypes: DType) -> DType:
    """Return what to compute in: the widest float among the dtypes, else int64."""
    floats = [dtype for dtype in dtypes if dtype.kind == "f"]
    return max(floats, key=lambda dtype: dtype.itemsize) if floats else np.dtype(np.int64)
