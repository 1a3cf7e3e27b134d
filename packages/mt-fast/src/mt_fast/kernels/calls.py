"""Calling a compiled function by its address.

Numba compiles a callee again within each of its callers. A large one is compiled once instead, as
a C function, and its callers (one serial, one with threads) are given its address.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


@intrinsic
def call(typing: Any, address: Any, arrays: Any, numbers: Any) -> Any:  # noqa: ARG001
    """Call the C function at `address` with the data of each array, then each integer."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        values = [
            context.make_array(kind)(context, builder, builder.extract_value(args[1], k)).data
            for k, kind in enumerate(arrays)
        ]
        values += [builder.extract_value(args[2], k) for k in range(len(numbers))]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), values)
        return context.get_dummy_value()

    return types.void(types.intp, arrays, numbers), emit
