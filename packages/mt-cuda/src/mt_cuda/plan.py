"""From layouts to the numbers that a kernel takes: fewer dimensions, and dividing made easy."""

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import NamedTuple

from mt_cuda.intrinsics import LANES
from mt_cuda.kernels.indexing import LIMIT, magic
from mt_tensor.errors import BackendError
from mt_tensor.layout import Shape, Strides, merge_dimensions
from mt_tensor.tensor_data import TensorData

MOST_DIMENSIONS = 8
"""Dimensions that a kernel handles, once those that step as one have been merged."""


MOST_PLANS = 4096
"""Layouts that are remembered for one function; then all are forgotten."""


class Sizes(NamedTuple):
    """The sizes of the dimensions, with what divides by each.

    Attributes:
        sizes: of each dimension, the slowest first.
        multipliers: of `magic`, but for the first.
        shifts: of `magic`, but for the first.
        total: their product.
    """

    sizes: tuple[int, ...]
    multipliers: tuple[int, ...]
    shifts: tuple[int, ...]
    total: int


@lru_cache(maxsize=4096)
def divisible(shape: Shape) -> Sizes:
    """Return the numbers for a shape of one dimension at least; inner sizes are 2 or more."""
    steps = [(0, 0), *map(magic, shape[1:])]
    multipliers, shifts = zip(*steps, strict=True)
    return Sizes(shape, multipliers, shifts, prod(shape))


@lru_cache(maxsize=4096)
def merged(shape: Shape, *operands: Strides) -> tuple[Shape, tuple[Strides, ...]]:
    """Merge dimensions, slowest of the first operand first; one at least is left, of 0 if one was.

    Raises:
        BackendError: too many are left.
    """
    if 0 in shape:
        return (0,), ((0,),) * len(operands)
    order = sorted(range(len(shape)), key=lambda d: -abs(operands[0][d]))
    sizes, strides = merge_dimensions(
        tuple(shape[d] for d in order), *(tuple(s[d] for d in order) for s in operands)
    )
    if len(sizes) > MOST_DIMENSIONS:
        message = (
            f"cuda: a layout of shape {shape} with strides {operands} has {len(sizes)} dimensions "
            f"that do not merge, and kernels handle {MOST_DIMENSIONS}; use contiguous() first"
        )
        raise BackendError(message)
    return (sizes, strides) if sizes else ((1,), ((0,),) * len(operands))


def skew(t: TensorData) -> int:
    """Return how many elements after a multiple of `LANES` the first one lies in memory."""
    return int(t.offset + t.storage.skew) % LANES


def pieces(tensors: tuple[TensorData, ...]) -> Iterator[tuple[TensorData, ...]]:
    """Cut tensors of one shape, along the longest dimension, until each is below `LIMIT`."""
    shape = tensors[0].shape
    if prod(shape) < LIMIT:
        yield tensors
        return
    axis = max(range(len(shape)), key=shape.__getitem__)
    half = shape[axis] // 2
    yield from pieces(tuple(t.narrow(axis, 0, half) for t in tensors))
    yield from pieces(tuple(t.narrow(axis, half, shape[axis] - half) for t in tensors))
