"""Elements at a small distance, sorted out of the vectors that hold them and what lies between.

A vector of every third float32 is made of 3 loads and 2 shuffles, in place of 16 loads.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from typing import Any

from llvmlite import ir
from numba.core import types

from mt_fast.kernels.intrinsics.elements import get, put
from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import LANE, Lanes, integer, lanes_of, vector_bits

VECTOR_BYTES = vector_bits() // 8

FARTHEST = 8
"""Elements that lie further apart are loaded one by one: a cache line holds two then, or one."""


def _picked(target: Any, to: Any, source: Any, at: Any, step: Any) -> None:
    for j in range(VECTOR_BYTES // target.itemsize):
        put(target, to + j, get(source, at + j * step))


@instruction(_picked, block=True)
def sort_vector(_typing: Any, target: Any, to: Any, source: Any, at: Any, step: Any) -> Any:
    """Copy a vector of elements that lie `step` apart, from 2 to `FARTHEST`."""
    i = types.intp

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target.dtype.bitwidth)
        start, end = (
            builder.gep(context.make_array(kind)(context, builder, value).data, [place])
            for kind, value, place in ((source, args[2], args[3]), (target, args[0], args[1]))
        )
        done = builder.append_basic_block("sorted")
        switch = builder.switch(args[4], done)
        for apart in range(2, FARTHEST + 1):
            block = builder.append_basic_block(f"sort_{apart}")
            switch.add_case(integer(apart), block)
            builder.position_at_end(block)
            lanes.store(builder, _sorted(builder, lanes, start, apart), lanes.at(builder, end, 0))
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(target, i, source, i, i), emit


def _sorted(builder: Any, lanes: Lanes, start: Any, step: int) -> Any:
    """Load as many vectors as the step is long, and take from each what belongs to the result."""
    result = lanes.load(builder, lanes.at(builder, start, 0))
    for v in range(1, step):
        loaded = lanes.load(builder, lanes.at(builder, start, v))
        order = [_place(lane, step, v, lanes.count) for lane in range(lanes.count)]
        constant = ir.Constant(ir.VectorType(LANE, lanes.count), order)
        result = builder.shuffle_vector(result, loaded, constant)
    return result


def _place(lane: int, step: int, v: int, count: int) -> int:
    """Return where the element of a lane is: in vector `v`, or in what was taken so far."""
    wanted = lane * step
    if wanted // count == v:
        return count + wanted % count
    return wanted if v == 1 and wanted < count else lane
