"""Finding where a number became nan or infinite."""

from collections.abc import Callable
from typing import Any

import numpy as np

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
    modules = model.named_modules()
    for name, module in modules:
        vars(module)["forward"] = _watched(module.forward, f"layer {name!r}, {module!r}", seen)
    try:
        with no_grad():
            model(inputs)
    finally:
        for _, module in modules:
            del vars(module)["forward"]


def _watched(forward: Callable[..., Any], place: str, seen: list[str]) -> Callable[..., Any]:
    def watched(*args: Any, **kwargs: Any) -> Any:
        result = forward(*args, **kwargs)
        if not _finite(result):
            seen.append(place)
        return result

    return watched


def _finite(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_finite, value))
    return not isinstance(value, Tensor) or bool(np.isfinite(value.detach().numpy()).all())
