"""The safetensors format: named arrays behind a header that says where each one lies.

A file is the length of the header (8 bytes, little-endian), the header (JSON, with the dtype, the
shape and the first and last byte of each array, and text under `__metadata__`), and the elements,
one array after another in row-major order. Nothing in it can run: a foreign file is safe to open.

Source: https://github.com/huggingface/safetensors.
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mt_nn.checkpoint.errors import CheckpointError
from mt_nn.checkpoint.files import write_whole

Array = np.ndarray[Any, Any]

DType = np.dtype[Any]

DTYPES: dict[str, DType] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
NAMES: dict[DType, str] = {dtype: name for name, dtype in DTYPES.items()}
ALIGNMENT = 8


def write_safetensors(
    path: str | Path, arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None
) -> None:
    """Write named arrays, of any layout.

    Args:
        path: the file; the previous one stays whole until this one is.
        arrays: by name.
        metadata: text by name, to be kept along.

    Raises:
        CheckpointError: an array has a dtype that the format does not have.
        OSError: the folder cannot be written to.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    parts: list[bytes] = []
    start = 0
    for name, array in sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])):
        part = np.ascontiguousarray(array, _little_endian(name, array)).tobytes()
        header[name] = {
            "dtype": NAMES[_little_endian(name, array)],
            "shape": list(array.shape),
            "data_offsets": [start, start + len(part)],
        }
        parts.append(part)
        start += len(part)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    write_whole(Path(path), b"".join([struct.pack("<Q", len(text)), text, *parts]))


def read_safetensors(path: str | Path) -> tuple[dict[str, Array], dict[str, str]]:
    """Read all arrays of a file, and its metadata.

    Raises:
        CheckpointError: the file is truncated, or is not in this format.
        OSError: it cannot be read.
    """
    content = Path(path).read_bytes()
    header, data = _split(path, content)
    metadata = header.pop("__metadata__", {})
    try:
        arrays = {name: _array(data, **entry) for name, entry in header.items()}
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path}: its header does not describe its {len(data)} bytes of data: {error}"
        raise CheckpointError(message) from None
    return arrays, metadata


def _split(path: str | Path, content: bytes) -> tuple[dict[str, Any], memoryview]:
    length = int.from_bytes(content[:8], "little")
    end = 8 + length
    if content[8:9] != b"{":
        message = f"{path}: not a safetensors file: it does not begin with a length and a header"
        raise CheckpointError(message)
    try:
        header = json.loads(content[8:end])
        wanted = max((e["data_offsets"][1] for k, e in header.items() if k[:2] != "__"), default=0)
    except (AttributeError, KeyError, TypeError, ValueError):
        cut = len(content) < end
        reason = f"truncated: {len(content)} bytes of a header of {length}" if cut else "no header"
        message = f"{path}: not a whole safetensors file: {reason}"
        raise CheckpointError(message) from None
    if len(content) != end + wanted:
        message = (
            f"{path}: {'truncated' if len(content) < end + wanted else 'too long'}: "
            f"{len(content)} bytes, where its header tells of {end + wanted}"
        )
        raise CheckpointError(message)
    return header, memoryview(content)[end:]


def _array(data: memoryview, dtype: str, shape: list[int], data_offsets: list[int]) -> Array:
    start, end = data_offsets
    return np.frombuffer(data[start:end], DTYPES[dtype]).reshape(shape)


def _little_endian(name: str, array: Array) -> DType:
    wanted: DType = array.dtype.newbyteorder("<")
    if wanted not in NAMES:
        message = f"{name} is {array.dtype}; a file can hold {', '.join(map(str, NAMES))}"
        raise CheckpointError(message)
    return wanted
