"""The weights of a network in a file that any tool for safetensors opens."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mt_nn.checkpoint.errors import CheckpointError
from mt_nn.checkpoint.safetensors import read_safetensors, write_safetensors
from mt_operators import Module
from mt_tensor import Tensor, tensor


def save_weights(path: str | Path, module: Module, config: Mapping[str, Any] | None = None) -> None:
    """Write all parameters and buffers, by their dotted names.

    Args:
        path: the file.
        module: the network.
        config: what else to keep, such as the sizes that it was made with; plain JSON.

    Raises:
        CheckpointError: a parameter holds something that is no tensor.
        OSError: the folder cannot be written to.

    >>> from tempfile import TemporaryDirectory
    >>> from mt_nn import Linear
    >>> with TemporaryDirectory() as folder:
    ...     save_weights(f"{folder}/line.safetensors", Linear(2, 3), {"inputs": 2})
    ...     load_weights(f"{folder}/line.safetensors", Linear(2, 3))
    {'inputs': 2}
    """
    state = module.state()
    for name, value in state.items():
        if not isinstance(value, Tensor):
            message = f"{name} holds {value!r}; a file of weights holds tensors"
            raise CheckpointError(message)
    arrays = {name: value.detach().numpy() for name, value in state.items()}
    write_safetensors(path, arrays, {"config": json.dumps(dict(config or {}))})


def load_weights(path: str | Path, module: Module) -> dict[str, Any]:
    """Read all parameters and buffers into a network, or none of them.

    Values take the dtype and the backend of those that they replace.

    Returns:
        The `config` that was kept with them.

    Raises:
        CheckpointError: the file is truncated or foreign, or names are missing or unexpected, or a
            shape is another.
        OSError: it cannot be read.
    """
    arrays, metadata = read_safetensors(path)
    load_into(module, arrays, str(path))
    return json.loads(metadata.get("config", "{}"))  # type: ignore[no-any-return]


def load_into(module: Module, values: Mapping[str, Any], source: str) -> None:
    """Update a network from arrays, or from other values for holders of those.

    Raises:
        CheckpointError: names are missing or unexpected, or a shape is another.
    """
    here = module.state()
    placed = {name: _like(here.get(name), value) for name, value in values.items()}
    try:
        module.load_state(placed)
    except ValueError as error:
        message = f"{source}: {error}"
        raise CheckpointError(message) from None


def _like(current: Any, value: Any) -> Any:
    if isinstance(current, Tensor) and isinstance(value, (np.ndarray, Tensor)):
        return tensor(value, dtype=current.dtype, backend=current.backend)
    return value
