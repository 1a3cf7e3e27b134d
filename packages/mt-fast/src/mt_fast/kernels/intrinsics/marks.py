"""Marks that threads set and see at once: which part of the work is taken, and how much is done."""

# ruff: noqa: ARG001  the arguments of an intrinsic are types; of some only the number counts

import ctypes
import os
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import types
from numba.core.cgutils import get_or_insert_function

from mt_fast.kernels.intrinsics.instruction import instruction
from mt_fast.kernels.intrinsics.vectors import INT, integer

PATIENCE = 2000
"""Looks at a mark, of some 20 ns each, before a thread offers its core to others at each look."""

ORDER = "seq_cst"

_library: Any = ctypes.CDLL(None) if os.name == "posix" else ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]  # of one system
_rest = _library.sched_yield if os.name == "posix" else _library.SwitchToThread
llvm.add_symbol("mt_fast_rest", ctypes.cast(_rest, ctypes.c_void_p).value)


def _taken(marks: Any, at: Any) -> bool:
    before, marks[at] = marks[at], 1
    return bool(before == 0)


def _added(marks: Any, at: Any) -> None:
    marks[at] += 1


def _waited(marks: Any, at: Any, count: Any) -> None:
    while marks[at] < count:
        pass


@instruction(_taken)
def take(_typing: Any, marks: Any, at: Any) -> Any:
    """Set a mark; return whether it was not set before, so that this thread has set it."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = _place(context, builder, marks, args)
        before = builder.atomic_rmw("xchg", place, integer(1), ORDER)
        return builder.icmp_signed("==", before, integer(0))

    return types.boolean(marks, types.intp), emit


@instruction(_added)
def add_one(_typing: Any, marks: Any, at: Any) -> Any:
    """Add 1 to a count; who sees that sees what this thread has written before."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        builder.atomic_rmw("add", _place(context, builder, marks, args), integer(1), ORDER)
        return context.get_dummy_value()

    return types.void(marks, types.intp), emit


@instruction(_waited)
def wait(_typing: Any, marks: Any, at: Any, count: Any) -> Any:
    """Wait until a count is reached."""

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = _place(context, builder, marks, args)
        before, look = builder.block, builder.append_basic_block("look")
        pause, done = (builder.append_basic_block(name) for name in ("pause", "done"))
        builder.branch(look)
        builder.position_at_end(look)
        looks = builder.phi(INT)
        seen = builder.load_atomic(place, ORDER, 8)
        builder.cbranch(builder.icmp_signed("<", seen, args[2]), pause, done)
        builder.position_at_end(pause)
        _pause(builder, looks)
        looks.add_incoming(integer(0), before)
        looks.add_incoming(builder.add(looks, integer(1)), builder.block)
        builder.branch(look)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(marks, types.intp, types.intp), emit


def _place(context: Any, builder: Any, marks: Any, args: Any) -> Any:
    data = context.make_array(marks)(context, builder, args[0]).data
    return builder.gep(data, [args[1]])


def _pause(builder: Any, looks: Any) -> None:
    """Emit: leave the core to its other thread for a moment; after many looks, to any other."""
    if llvm.get_default_triple().startswith("x86_64"):
        kind = ir.FunctionType(ir.VoidType(), [])
        builder.call(get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
    with builder.if_then(builder.icmp_signed(">", looks, integer(PATIENCE)), likely=False):
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(get_or_insert_function(builder.module, kind, "mt_fast_rest"), [])
