"""Vectors in LLVM's own terms: loads, stores, masks, broadcasts and fused multiply-adds.

LLVM widens simple loops by itself. Where a kernel must hold a block of the result in registers
for thousands of steps, it is written in vectors instead, and LLVM only allocates the registers.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import config
from numba.core.cgutils import get_or_insert_function

INT = ir.IntType(64)
LANE = ir.IntType(32)
BYTES = ir.IntType(8).as_pointer()

AVX512 = ("skylake-avx512", "cascadelake", "icelake", "sapphirerapids", "znver4", "znver5")
AVX2 = ("haswell", "broadwell", "skylake", "alderlake", "znver1", "znver2", "znver3")


@cache
def vector_bits() -> int:
    """Return the width of the vectors to compile for: 512, 256 or 128 bits.

    That is the host's, unless `NUMBA_CPU_NAME` asks for code for another processor.
    """
    if config.CPU_NAME and config.CPU_NAME != "host":
        name = config.CPU_NAME
        return 512 if name.startswith(AVX512) else 256 if name.startswith(AVX2) else 128
    features = llvm.get_host_cpu_features()
    wide = {bits for bits, name in ((512, "avx512f"), (256, "avx2")) if features.get(name)}
    return max(wide, default=128)


def integer(value: int) -> ir.Constant:
    """Return a constant of 64 bits."""
    return ir.Constant(INT, value)


@dataclass(frozen=True, slots=True)
class Lanes:
    """A vector type, and the instructions on it.

    Attributes:
        bits: of an element, 32 or 64, a float.
        count: how many elements there are.
    """

    bits: int
    count: int

    @property
    def element(self) -> Any:
        """The type of an element."""
        return ir.FloatType() if self.bits == 32 else ir.DoubleType()  # noqa: PLR2004

    @property
    def type(self) -> Any:
        """The type of the vector."""
        return ir.VectorType(self.element, self.count)

    @property
    def zero(self) -> Any:
        """The vector of zeros."""
        return ir.Constant(self.type, [0.0] * self.count)

    @property
    def align(self) -> int:
        """Elements are aligned, vectors need not be: the alignment in bytes."""
        return self.bits // 8

    def at(self, builder: Any, pointer: Any, vectors: int) -> Any:
        """Return a pointer to the vector that lies `vectors` further."""
        moved = builder.gep(pointer, [integer(vectors * self.count)])
        return builder.bitcast(moved, self.type.as_pointer())

    def splat(self, builder: Any, scalar: Any, of: Any = None) -> Any:
        """Return a vector with the scalar in every lane."""
        vector = ir.VectorType(of or self.element, self.count)
        empty = ir.Constant(vector, ir.Undefined)
        first = builder.insert_element(empty, scalar, ir.Constant(LANE, 0))
        lanes = ir.Constant(ir.VectorType(LANE, self.count), [0] * self.count)
        return builder.shuffle_vector(first, empty, lanes)

    def mask(self, builder: Any, remaining: Any, vectors: int) -> Any:
        """Return which lanes of the vector at `vectors` lie before `remaining` elements."""
        limit = self.splat(builder, builder.trunc(remaining, LANE), LANE)
        first = vectors * self.count
        ordinals = [*range(first, first + self.count)]
        return builder.icmp_signed(">", limit, ir.Constant(limit.type, ordinals))

    def load(self, builder: Any, pointer: Any, mask: Any = None, fill: Any = None) -> Any:
        """Load a vector; a lane that is masked out is that of `fill`, else 0, and not touched."""
        if mask is None:
            return builder.load(pointer, align=self.align)
        kinds = [pointer.type, LANE, mask.type, self.type]
        load = self._function(builder, "masked.load", f"{self._suffix}.p0", self.type, kinds)
        align = ir.Constant(LANE, self.align)
        return builder.call(load, [pointer, align, mask, self.zero if fill is None else fill])

    def store(self, builder: Any, value: Any, pointer: Any, mask: Any = None) -> None:
        """Store a vector, but for the lanes that are masked out."""
        if mask is None:
            builder.store(value, pointer, align=self.align)
            return
        kinds = [self.type, pointer.type, LANE, mask.type]
        store = self._function(builder, "masked.store", f"{self._suffix}.p0", ir.VoidType(), kinds)
        builder.call(store, [value, pointer, ir.Constant(LANE, self.align), mask])

    def fma(self, builder: Any, a: Any, b: Any, c: Any) -> Any:
        """Return `a * b + c`, rounded once."""
        fma = self._function(builder, "fma", self._suffix, self.type, [self.type] * 3)
        return builder.call(fma, [a, b, c])

    def extremum(self, builder: Any, name: str, x: Any, y: Any) -> Any:
        """Return the `maximum` or the `minimum` in each lane; nan if either is, of zeros any.

        Two instructions and a comparison of x alone: where y is what came out before, no
        comparison has to wait for it.
        """
        function = self._function(builder, name, self._suffix, self.type, [self.type] * 2)
        return builder.call(function, [x, y], fastmath=("nsz",))

    @property
    def _suffix(self) -> str:
        return f"v{self.count}f{self.bits}"

    @staticmethod
    def _function(builder: Any, name: str, suffix: str, result: Any, kinds: list[Any]) -> Any:
        kind = ir.FunctionType(result, kinds)
        return get_or_insert_function(builder.module, kind, f"llvm.{name}.{suffix}")


def prefetch(builder: Any, pointer: Any) -> None:
    """Ask for the line of the cache at an address, which need not be one of ours."""
    kind = ir.FunctionType(ir.VoidType(), [BYTES, LANE, LANE, LANE])
    function = get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    read, near, data = (ir.Constant(LANE, word) for word in (0, 3, 1))
    builder.call(function, [builder.bitcast(pointer, BYTES), read, near, data])


def lanes_of(bits: int) -> Lanes:
    """Return the widest vector of floats of `bits` bits."""
    return Lanes(bits, vector_bits() // bits)
