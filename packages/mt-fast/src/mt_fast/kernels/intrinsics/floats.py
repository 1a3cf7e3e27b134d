"""Instructions on floats that Python has no word for, at the width of the float.

Numba computes with 64-bit integers, so that a bit trick on a float32 would widen; here it stays
in 32 bits, and LLVM can put as many side by side as there are floats.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.cgutils import get_or_insert_function

from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import LANE, vector_bits


@dataclass(frozen=True, slots=True)
class Layout:
    r"""How IEEE 754 lays a float out in bits.

    Attributes:
        bits: of the float.
        fraction: bits of the fraction.
        bias: of the exponent.
        shift: the bits of `SHIFT`, $1.5 \cdot 2^\mathrm{fraction}$.
        root_half: the bits of the float that is nearest to the root of a half.
    """

    bits: int
    fraction: int
    bias: int
    shift: int
    root_half: int

    @property
    def integer(self) -> Any:
        """The integer type of the same width."""
        return ir.IntType(self.bits)

    def constant(self, value: int) -> ir.Constant:
        """Return an integer of the same width."""
        return ir.Constant(self.integer, value)


BINARY32 = Layout(32, 23, 127, 0x4B400000, 0x3F3504F3)
BINARY64 = Layout(64, 52, 1023, 0x4338000000000000, 0x3FE6A09E667F3BCD)


def _layout(kind: Any) -> Layout:
    return BINARY32 if kind == types.float32 else BINARY64


def _call(builder: Any, name: str, *args: Any) -> Any:
    kind = args[0].type
    bits = 32 if isinstance(kind, ir.FloatType) else 64
    signature = ir.FunctionType(kind, [kind] * len(args))
    function = get_or_insert_function(builder.module, signature, f"llvm.{name}.f{bits}")
    return builder.call(function, args)


def _fused(x: Any, y: Any, z: Any) -> Any:
    if not np.isfinite([x, y, z]).all():
        return x * y + z
    # What `math` returns is a float of Python, which takes the type of the others.
    number = np.result_type(x, y, z).type
    exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
    try:
        return number(float(exact))
    except OverflowError:
        return number(math.inf if exact > 0 else -math.inf)


def _polynomial(x: Any, coefficients: Any) -> Any:
    return reduce(lambda result, c: _fused(result, x, c), coefficients)


def _power_of(t: Any) -> Any:
    return _scaled(type(t)(1.0), t)


def _scaled(x: Any, t: Any) -> Any:
    shift = type(t)(1.5 * 2.0 ** np.finfo(t).nmant)
    return t if np.isnan(t) else np.ldexp(x, int(t - shift))


def _parted(x: Any) -> Any:
    unit = type(x)(2.0 ** np.finfo(x).nmant)
    if np.isinf(x):
        return type(x)(1.0), np.finfo(x).maxexp * unit
    mantissa, exponent = np.frexp(x)
    if mantissa < np.sqrt(type(x)(0.5)):
        mantissa, exponent = 2 * mantissa, exponent - 1
    return mantissa, type(x)(exponent) * unit


@instruction(np.sqrt)
def root(_typing: Any, x: Any) -> Any:
    """Take the square root; nan below zero."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _call(builder, "sqrt", *args)

    return x(x), emit


@instruction(np.maximum)
def largest(_typing: Any, x: Any, y: Any) -> Any:
    """Take the larger; nan if either is."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _call(builder, "maximum", *args)

    return x(x, x), emit


@instruction(np.minimum)
def smallest(_typing: Any, x: Any, y: Any) -> Any:
    """Take the smaller; nan if either is."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _call(builder, "minimum", *args)

    return x(x, x), emit


@instruction(_fused)
def fma(_typing: Any, x: Any, y: Any, z: Any) -> Any:
    """Return `x * y + z`, rounded once."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _call(builder, "fma", *args)

    return x(x, x, x), emit


@instruction(_polynomial)
def horner(_typing: Any, x: Any, coefficients: Any) -> Any:
    """Evaluate a polynomial; the coefficients come highest first."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        result = builder.extract_value(args[1], 0)
        for k in range(1, len(coefficients)):
            result = _call(builder, "fma", result, args[0], builder.extract_value(args[1], k))
        return result

    return x(x, coefficients), emit


@instruction(_power_of)
def power_of_two(_typing: Any, t: Any) -> Any:
    r"""Return $2^n$, a normal number, given $t = n + \mathrm{SHIFT}$.

    A float of that size has no bits behind the point: those of n are its last bits.
    """

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        layout = _layout(t)
        return _power(builder, layout, _ordinal(builder, layout, args[0]), args[0].type)

    return t(t), emit


@instruction(_scaled)
def scale(_typing: Any, x: Any, t: Any) -> Any:
    r"""Return $x\,2^n$, rounded once, given $t = n + \mathrm{SHIFT}$."""

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        layout = _layout(t)
        n = _ordinal(builder, layout, args[1])
        # One instruction of AVX-512; where there is none, LLVM has a call for each element.
        scaled = _scaled_at_once if vector_bits() == 512 else _scaled_twice  # noqa: PLR2004
        return scaled(builder, layout, args[0], n)

    return x(x, t), emit


def _scaled_at_once(builder: Any, layout: Layout, x: Any, n: Any) -> Any:
    kind = ir.FunctionType(x.type, [x.type, LANE])
    name = f"llvm.ldexp.f{layout.bits}.i32"
    power = n if layout.bits == LANE.width else builder.trunc(n, LANE)
    return builder.call(get_or_insert_function(builder.module, kind, name), [x, power])


def _scaled_twice(builder: Any, layout: Layout, x: Any, n: Any) -> Any:
    """Scale in two factors: neither overflows, and the second rounds a subnormal result."""
    half = builder.ashr(n, layout.constant(1))
    first = builder.fmul(x, _power(builder, layout, half, x.type))
    return builder.fmul(first, _power(builder, layout, builder.sub(n, half), x.type))


def _ordinal(builder: Any, layout: Layout, t: Any) -> Any:
    return builder.sub(builder.bitcast(t, layout.integer), layout.constant(layout.shift))


def _power(builder: Any, layout: Layout, n: Any, kind: Any) -> Any:
    exponent = builder.add(n, layout.constant(layout.bias))
    return builder.bitcast(builder.shl(exponent, layout.constant(layout.fraction)), kind)


@instruction(_parted)
def split(_typing: Any, x: Any) -> Any:
    r"""Return $(m, u)$ with $x = m\,2^e$ and $\sqrt{1/2} \le m < \sqrt 2$, for a normal $x > 0$.

    $u = e\,2^\mathrm{fraction}$ is the exponent as it stands in the bits, above the fraction.
    """
    pair = types.UniTuple(x, 2)

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        layout = _layout(x)
        bits = builder.bitcast(args[0], layout.integer)
        above = builder.sub(bits, layout.constant(layout.root_half))
        exponent = builder.and_(above, layout.constant(-1 << layout.fraction))
        scaled = builder.sub(bits, exponent)
        kind = args[0].type
        parts = builder.bitcast(scaled, kind), builder.sitofp(exponent, kind)
        return context.make_tuple(builder, pair, parts)

    return pair(x), emit
