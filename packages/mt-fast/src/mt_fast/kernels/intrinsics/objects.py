"""What the interpreter and NumPy offer to C code that handles Python's objects, by their addresses.

All are called with the interpreter's lock held. They are linked by name, so that no address of one
process gets into the code on disk.
"""

import ctypes
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba.core.types import ExternalFunction, int32, intp, void

TYPE = object.__basicsize__ // 8 - 1
"""Which word of any object is its type; its own words follow."""


def _of_numpy(number: int) -> Any:
    """Return the address of a function of NumPy's C interface; their numbers never change."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table: Any = pointer(np._core._multiarray_umath._ARRAY_API, None)  # type: ignore[attr-defined]  # noqa: SLF001  public in C
    return ctypes.c_void_p.from_address(table + 8 * number).value


llvm.add_symbol("mt_fast_new_array", _of_numpy(184))  # PyArray_Empty

increase = ExternalFunction("Py_IncRef", void(intp))
"""Add a reference to an object."""

decrease = ExternalFunction("Py_DecRef", void(intp))
"""Give one up; the object may go, and run any Python."""

call_object = ExternalFunction("PyObject_Vectorcall", intp(intp, intp, intp, intp))
"""Call with an array of arguments, the number of those by position, a tuple of names or 0; return a
new reference, or 0 where an exception is set."""

failed = ExternalFunction("PyErr_Occurred", intp())
"""Return 0 where no exception is set."""

item_of = ExternalFunction("PyTuple_GetItem", intp(intp, intp))
"""Return an item of a tuple, whose reference it is."""

length_of = ExternalFunction("PyTuple_Size", intp(intp))
"""Return the number of items of a tuple."""

integer_of = ExternalFunction("PyLong_AsSsize_t", intp(intp))
"""Return the value of an `int`."""

new_object = ExternalFunction("PyType_GenericAlloc", intp(intp, intp))
"""Make an object of a type with 0 in each slot; the second argument is 0."""

new_array = ExternalFunction("mt_fast_new_array", intp(int32, intp, intp, int32))
"""Make an array of a number of dimensions, the address of their sizes, and a dtype, whose reference
it takes; the last argument is 0."""
