"""Finding where a number became nan or infinite."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mt_nn.inspection.watching import watching
from mt_operators import Module
from mt_tensor import Tensor, no_grad


def first_nonfinite(model: Module, inputs: Tensor) -> str:
    """Tell where the first number is that is nan or infinite, in words.

    Looks at the inputs and the parameters, then runs the network once and looks at what each of its
    parts returns, in the order in which they do.

    Args:
        model: the network.
        inputs: what it was given.
    """
    if not _finite(inputs):
        return "the inputs have it already"
    for name, parameter in model.named_parameters():
        if not _finite(parameter.value):
            return f"parameter {name} has it already"
    seen: list[str] = []
    _run_watched(model, inputs, seen)
    return f"it first appears in {seen[0]}" if seen else "it first appears in the loss itself"


def _run_watched(model: Module, inputs: Tensor, seen: list[str]) -> None:
    """Run a network, noting each part that returns such a number."""

    def around(name: str, module: Module, call: Callable[[], Any]) -> Any:
        result = call()
        if not _finite(result):
            seen.append(f"layer {name!r}, {module!r}")
        return result

    with watching(model, around), no_grad():
        model(inputs)


def _finite(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_finite, value))
    return not isinstance(value, Tensor) or bool(np.isfinite(value.detach().numpy()).all())
