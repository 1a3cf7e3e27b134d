"""Rows of elements, copied a vector at a time.

LLVM widens a simple loop by itself, but for rows of tens of elements it spends more on asking
whether the two overlap, and on the rest that fills no vector, than on the row.
"""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

from typing import Any

from numba.core import types
from numba.core.cgutils import for_range_slice
from numba.extending import intrinsic

from mt_fast.kernels.vectors import integer, lanes_of


@intrinsic
def copy_rows(_typing: Any, target: Any, source: Any, rows: Any, width: Any) -> Any:
    """Copy a block of `rows` dense rows of `width` elements, either of them 0 or more.

    Args:
        target: (storage, at, row); row i begins at `at + i * row`.
        source: (storage, at, row), of another storage.
        rows: how many there are.
        width: elements of a row.
    """

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = lanes_of(target[0].dtype.bitwidth)

        def start(k: int, kind: Any) -> Any:
            array, at = (builder.extract_value(args[k], i) for i in (0, 1))
            return builder.gep(context.make_array(kind[0])(context, builder, array).data, [at])

        end, begin = start(0, target), start(1, source)
        steps = [builder.extract_value(args[k], 2) for k in (0, 1)]
        columns = integer(0), args[3], integer(lanes.count)
        lines = integer(0), args[2], integer(1)
        with for_range_slice(builder, *columns, intp=args[3].type) as (j, _):
            mask = lanes.mask(builder, builder.sub(args[3], j), 0)
            with for_range_slice(builder, *lines, intp=args[2].type) as (i, _):
                to, at = (builder.add(j, builder.mul(i, step)) for step in steps)
                value = lanes.load(builder, lanes.at(builder, builder.gep(begin, [at]), 0), mask)
                lanes.store(builder, value, lanes.at(builder, builder.gep(end, [to]), 0), mask)
        return context.get_dummy_value()

    i = types.intp
    return types.void(target, source, i, i), emit
