"""Named arrays in a file of the safetensors format, by the library of that name.

A file holds a header that says where each array lies, and the elements. Nothing in it can run: a
foreign file is safe to open. The format keeps no strides, so arrays are made contiguous first.

Source: https://github.com/huggingface/safetensors.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mt_nn.checkpoint.errors import CheckpointError
from mt_nn.checkpoint.files import write_whole

Array = np.ndarray[Any, Any]


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
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    for name, array in whole.items():
        if array.dtype.kind not in "bifu":
            message = f"{name} is {array.dtype}; a file holds floats, integers and truth values"
            raise CheckpointError(message)
    # An empty dictionary of metadata makes a header that the library itself cannot read.
    write_whole(Path(path), save(whole, dict(metadata) if metadata else None))


def read_safetensors(path: str | Path) -> tuple[dict[str, Array], dict[str, str]]:
    """Read all arrays of a file, and its metadata.

    Raises:
        CheckpointError: the file is truncated, or is not in this format.
        OSError: it cannot be read.
    """
    try:
        with safe_open(path, framework="np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118  it is no mapping
    except (SafetensorError, AttributeError) as error:  # the latter for dtypes that NumPy lacks
        size = Path(path).stat().st_size
        message = f"{path}: truncated, or not a safetensors file: {size} bytes; {error}"
        raise CheckpointError(message) from None
