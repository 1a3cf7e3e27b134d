"""Loops whose body is written out in vectors, and must stay as it is written."""

from typing import Any

from llvmlite import ir

from mt_fast.kernels.intrinsics.vectors import integer


def repeat(builder: Any, condition: Any, loop: Any, done: Any) -> None:
    """Branch to the beginning of a loop, or out of it; LLVM shall not unroll it.

    A loop whose accumulators fill the registers spills them when it is unrolled. The gradient of a
    convolution by its kernels took 2.2 ms instead of 0.8.
    """
    module = builder.module
    disable = module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")])
    identity = module.add_metadata([disable, integer(len(module.metadata))])
    identity.operands = (identity, disable)  # the name of a loop begins with itself
    branch = builder.cbranch(condition, loop, done)
    branch.set_metadata("llvm.loop", identity)
