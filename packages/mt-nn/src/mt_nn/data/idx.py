"""IDX, the file format of MNIST: what the elements are, the sizes, and then the elements.

Two zero bytes, a byte for the type, a byte for the number of dimensions, four bytes for each size,
and the elements, the last index fastest. All numbers have their highest byte first.
"""

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

_GZIP_MAGIC = b"\x1f\x8b"


class IdxError(ValueError):
    """A file is no IDX file, or a damaged one."""


def read_idx(path: Path) -> NDArray[Any]:
    """Read an IDX file, compressed by gzip or not.

    Args:
        path: the file.

    Returns:
        The array, in the byte order of this machine.

    Raises:
        IdxError: the magic number, the type or the length is wrong, or gzip finds it damaged.
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    if content.startswith(_GZIP_MAGIC):
        try:
            content = gzip.decompress(content)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            message = f"{path}: gzip finds it damaged: {error}"
            raise IdxError(message) from None
    return parse_idx(content, str(path))


def parse_idx(content: bytes, name: str = "the file") -> NDArray[Any]:
    """Read an array from the bytes of an IDX file.

    Args:
        content: all of them.
        name: what errors call it.

    Raises:
        IdxError: the magic number, the type or the length is wrong.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:  # noqa: PLR2004
        codes = ", ".join(f"{code:02x}" for code in TYPES)
        message = f"{name}: it begins with {content[:4].hex()!r}, not with 0000, one of {codes}, .."
        raise IdxError(message)
    dtype, dimensions = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        message = f"{name}: {len(content)} bytes end within the sizes of {dimensions} dimensions"
        raise IdxError(message)
    shape = tuple(np.frombuffer(content, ">u4", dimensions, offset=4).tolist())
    size = start + math.prod(shape) * dtype.itemsize
    if len(content) != size:
        message = f"{name}: an array {shape} of {dtype} needs {size} bytes, but has {len(content)}"
        raise IdxError(message)
    array = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return array.astype(dtype.newbyteorder("="))
