r"""Steps of optimisers: one launch for a parameter, all its arrays read once and written once.

By `zip`, a step is a launch for each array that changes, and each reads the gradient again: Adam's
moves eleven numbers for an element where seven will do. Here a thread has four neighbours of every
array, `LANES` at a time as in `map_vector`, and computes all that changes from registers.

The numbers of a rule, such as the learning rate, are arguments: no kernel depends on their values.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numba import cuda, uint32

from mt_cuda.device import BLOCK, REPEATS, Kernel, inline
from mt_cuda.intrinsics import LANES, store4
from mt_cuda.kernels.operands import picker, reader, vector_reader
from mt_cuda.kernels.types import SIZE, number, pointer, tuple_of
from mt_cuda.operators import prepare
from mt_operators import div
from mt_tensor.dtypes import DType


@dataclass(frozen=True)
class Rule:
    """What a step computes of each element.

    Attributes:
        name: for messages and tables.
        results: how many arrays change; they come first.
        arrays: how many arrays there are.
        numbers: how many numbers there are.
        make: for a dtype, makes `call(numbers, *elements)`, which returns the results in a tuple.
    """

    name: str
    results: int
    arrays: int
    numbers: int
    make: Callable[[DType], Any]


def descent(rule: Rule, dtype: DType) -> Kernel:
    """Make a step of a rule over contiguous arrays that begin at vectors."""
    call, kind = rule.make(dtype), number(dtype)
    here = inline(lambda position, _array: position)
    read4, read = vector_reader((True,) * rule.arrays, here, kind), reader(rule.arrays, here, kind)
    pick0, pick1, pick2, pick3 = (picker(rule.arrays, lane) for lane in range(LANES))
    write4, write = _vector_writer(rule.results), _writer(rule.results)

    def kernel(arrays: Any, numbers: Any, count: Any) -> None:
        for repeat in range(REPEATS):
            block = cuda.blockIdx.x * REPEATS + repeat
            first = uint32((block * BLOCK + cuda.threadIdx.x) * LANES)
            if first + LANES <= count:
                v = read4(arrays, arrays, first)
                a, b = call(numbers, *pick0(v)), call(numbers, *pick1(v))
                c, d = call(numbers, *pick2(v)), call(numbers, *pick3(v))
                write4(arrays, first, a, b, c, d)
            else:
                for lane in range(LANES):
                    i = uint32(first + lane)
                    if i < count:
                        write(arrays, i, call(numbers, *read(arrays, arrays, i)))

    pointers, numbers = [pointer(dtype)] * rule.arrays, [kind] * rule.numbers
    signature = (tuple_of(*pointers), tuple_of(*numbers), SIZE)
    return Kernel(f"descent by {rule.name}", kernel, signature, (BLOCK, 1, 1))


def _plain(_dtype: DType) -> Any:
    """Make the rule of `p, g`, by `lr, decay`."""

    @inline
    def call(numbers: Any, p: Any, g: Any) -> Any:
        lr, decay = numbers
        return (p - lr * (g + decay * p),)

    return call


def _heavy(_dtype: DType) -> Any:
    """Make the rule of `p, v, g`, by `lr, decay, momentum, gain`."""

    @inline
    def call(numbers: Any, p: Any, v: Any, g: Any) -> Any:
        lr, decay, momentum, gain = numbers
        faster = momentum * v + gain * (g + decay * p)
        return p - lr * faster, faster

    return call


def _nesterov(_dtype: DType) -> Any:
    """Make the rule of `p, v, g`, by `lr, decay, momentum, gain`."""

    @inline
    def call(numbers: Any, p: Any, v: Any, g: Any) -> Any:
        lr, decay, momentum, gain = numbers
        slope = g + decay * p
        faster = momentum * v + gain * slope
        return p - lr * (slope + momentum * faster), faster

    return call


def _adam(dtype: DType) -> Any:
    """Make the rule of `p, m, v, g`, by the numbers of `adam_numbers`."""
    divide, sqrt = prepare(div, dtype).call, prepare(_sqrt, dtype).call

    @inline
    def call(numbers: Any, p: Any, m: Any, v: Any, g: Any) -> Any:
        decay, shrink, weight, square_weight, rate, unbias, eps = numbers
        slope = g + decay * p
        mean = m + weight * (slope - m)
        square = v + square_weight * (slope * slope - v)
        step = divide(rate * mean, sqrt(square) * unbias + eps)
        return shrink * p - step, mean, square

    return call


PLAIN = Rule("gradient", 1, 2, 2, _plain)
HEAVY = Rule("velocity", 2, 3, 4, _heavy)
NESTEROV = Rule("velocity ahead", 2, 3, 4, _nesterov)
ADAM = Rule("Adam", 3, 4, 7, _adam)


def _writer(results: int) -> Any:
    """Make a function that stores the results of one element."""
    if results == 0:
        return inline(lambda _arrays, _position, _values: None)
    rest = _writer(results - 1)

    @inline
    def write(arrays: Any, position: Any, values: Any) -> None:
        arrays[0][position] = values[0]
        rest(arrays[1:], position, values[1:])

    return write


def _vector_writer(results: int) -> Any:
    """Make a function that stores the results of four neighbours."""
    if results == 0:
        return inline(lambda _arrays, _position, _a, _b, _c, _d: None)
    rest = _vector_writer(results - 1)

    @inline
    def write(arrays: Any, position: Any, a: Any, b: Any, c: Any, d: Any) -> None:  # noqa: PLR0913, PLR0917
        store4(arrays[0], position, (a[0], b[0], c[0], d[0]))
        rest(arrays[1:], position, a[1:], b[1:], c[1:], d[1:])

    return write


def _sqrt(x: float) -> float:
    return math.sqrt(x)
