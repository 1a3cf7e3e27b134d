"""Trees of plain values and arrays in one file: the arrays as they are, all else as JSON.

The state of a run is such a tree: dictionaries and lists of numbers, text, tensors and arrays. It
is one file, so that its parts always belong together.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mt_nn.checkpoint.errors import CheckpointError
from mt_nn.checkpoint.safetensors import Array, read_safetensors, write_safetensors
from mt_tensor import Tensor

ARRAY = "$array"
"""The key that stands in the JSON for an array of that name."""

FORMAT = "mt-nn 1"


def save_tree(path: str | Path, tree: Mapping[str, Any]) -> None:
    """Write a tree of dictionaries, lists, numbers, text, None, arrays and tensors.

    Raises:
        CheckpointError: something else is in it.
        OSError: the folder cannot be written to.
    """
    arrays: dict[str, Array] = {}
    plain = _plain(tree, "", arrays)
    write_safetensors(path, arrays, {"format": FORMAT, "tree": json.dumps(plain)})


def load_tree(path: str | Path) -> dict[str, Any]:
    """Read a tree; its tensors come back as arrays, its tuples as lists, its keys as text.

    Raises:
        CheckpointError: the file is truncated, or holds something else.
        OSError: it cannot be read.
    """
    arrays, metadata = read_safetensors(path)
    if metadata.get("format") != FORMAT:
        message = f"{path}: holds weights or something else, but not the state of a run"
        raise CheckpointError(message)
    return _filled(json.loads(metadata["tree"]), arrays)  # type: ignore[no-any-return]


def _plain(node: Any, place: str, arrays: dict[str, Array]) -> Any:
    if isinstance(node, Mapping):
        return {
            str(k): _plain(v, f"{place}.{k}" if place else str(k), arrays) for k, v in node.items()
        }
    if isinstance(node, (list, tuple)):
        return [_plain(v, f"{place}.{i}", arrays) for i, v in enumerate(node)]
    if isinstance(node, (Tensor, np.ndarray)):
        arrays[place] = node.detach().numpy() if isinstance(node, Tensor) else node
        return {ARRAY: place}
    if node is None or isinstance(node, (bool, int, float, str)):
        return node
    message = f"{place} is a {type(node).__name__}, which a checkpoint cannot hold"
    raise CheckpointError(message)


def _filled(node: Any, arrays: dict[str, Array]) -> Any:
    if isinstance(node, dict):
        if node.keys() == {ARRAY}:
            return arrays[node[ARRAY]]
        return {key: _filled(value, arrays) for key, value in node.items()}
    return [_filled(value, arrays) for value in node] if isinstance(node, list) else node
