"""Handing memory to another library without a copy: the capsules of the DLPack protocol.

A capsule holds a C structure that says where the elements are, on which device, and in what layout,
with a function that the other library calls when it is done. Until then the structure is kept here,
and with it whoever owns the memory.

Source: the DLPack protocol, version 0, and Python's specification of `__dlpack__`.
"""

import ctypes
from typing import Any

from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides

CPU, CUDA = 1, 2
"""Kinds of devices."""

CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
"""Kinds of elements, by NumPy's letters."""

UNUSED, USED = b"dltensor", b"used_dltensor"
"""Names of a capsule: the consumer changes the first to the second."""


class Device(ctypes.Structure):
    """A kind of device, and which one of it."""

    _fields_ = (("kind", ctypes.c_int32), ("ordinal", ctypes.c_int32))


class DataType(ctypes.Structure):
    """A kind of element, its width in bits, and how many make a vector."""

    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


class Tensor(ctypes.Structure):
    """Elements in memory; strides count elements."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", Device),
        ("ndim", ctypes.c_int32),
        ("dtype", DataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


Release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class ManagedTensor(ctypes.Structure):
    """A tensor with what to call when it is no longer used."""

    _fields_ = (("tensor", Tensor), ("context", ctypes.c_void_p), ("release", Release))


def capsule(  # noqa: PLR0913  what the structure holds
    address: int,
    shape: Shape,
    strides: Strides,
    *,
    dtype: DType,
    device: tuple[int, int],
    owner: object,
) -> Any:
    """Return a capsule of elements in memory, and keep the owner of that until it is released."""
    dimensions = ctypes.c_int64 * len(shape)
    sizes, steps = dimensions(*shape), dimensions(*strides)
    pointer = ctypes.POINTER(ctypes.c_int64)
    tensor = Tensor(
        address,
        Device(*device),
        len(shape),
        DataType(CODES[dtype.kind], 8 * dtype.itemsize, 1),
        ctypes.cast(sizes, pointer),
        ctypes.cast(steps, pointer),
        0,
    )
    managed = ManagedTensor(tensor, None, _release)
    place = ctypes.addressof(managed)
    _lent[place] = managed, sizes, steps, owner
    return _new(place, UNUSED, _destroy)


def lent() -> int:
    """Return how many capsules have not been released."""
    return len(_lent)


_lent: dict[int, tuple[Any, ...]] = {}

_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)

_is_valid = ctypes.pythonapi.PyCapsule_IsValid
_is_valid.restype, _is_valid.argtypes = ctypes.c_int, (ctypes.c_void_p, ctypes.c_char_p)

_get = ctypes.pythonapi.PyCapsule_GetPointer
_get.restype, _get.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p)


@Release
def _release(place: int) -> None:
    _lent.pop(place, None)


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
def _destroy(unused: int) -> None:
    """Release what nobody took, when the capsule goes."""
    if _is_valid(unused, UNUSED):
        _lent.pop(_get(unused, UNUSED), None)
