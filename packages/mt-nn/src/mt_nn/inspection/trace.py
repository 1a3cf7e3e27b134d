"""What a network does with its inputs: every function that runs, and the layer that it runs in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mt_autodiff import mode, next_id, topological_sort
from mt_nn.inspection.traced import Traced, TraceError
from mt_nn.inspection.watching import watching
from mt_nn.modes import evaluation_mode
from mt_operators import Module
from mt_tensor import Generator, Tensor, randn

Inputs = Sequence[int] | Tensor | Sequence[Tensor]
"""A shape, to be filled with random numbers, or the input itself, or several."""


@dataclass(frozen=True)
class Call:
    """One call of one part of a network.

    Attributes:
        name: its dotted name; `""` for the network.
        module: the part.
        results: the tensors that it returned.
        first: the serial number before the call; what was made in it has larger ones,
        last: and none that is larger than this.
    """

    name: str
    module: Module
    results: tuple[Tensor, ...]
    first: int
    last: int

    def __str__(self) -> str:
        """Name it for a message."""
        return f"layer {self.name!r}, a {type(self.module).__name__},"


@dataclass(frozen=True)
class Trace:
    """A run of a network.

    Attributes:
        inputs: what it was given.
        outputs: what it returned.
        calls: the calls of its parts, in the order in which they ended.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    calls: tuple[Call, ...]

    @cached_property
    def results(self) -> list[Tensor]:
        """What was computed of inputs and parameters, each after what it was made of."""
        return computed(t for call in self.calls for t in call.results)

    @cached_property
    def dependent(self) -> list[Tensor]:
        """The results that depend on the inputs, in that order."""
        reached = {t.unique_id for t in self.inputs}
        found = []
        for result in self.results:
            if any(t.unique_id in reached for t in result.parents):
                reached.add(result.unique_id)
                found.append(result)
        return found

    def call_of(self, result: Tensor) -> Call:
        """Return the innermost call that made a result."""
        return next(c for c in self.calls if c.first < result.unique_id <= c.last)


def trace(model: Module, inputs: Sequence[Tensor]) -> Trace:
    """Run a network once in evaluation mode, and record it.

    Raises:
        TraceError: it reads numbers that depend on its inputs, to decide what to do.
    """
    calls: list[Call] = []

    def around(name: str, module: Module, call: Any) -> Any:
        first = next_id()
        try:
            result = call()
        except TraceError as error:
            error.happened_in(f"layer {name!r}, a {type(module).__name__}")
            raise
        calls.append(Call(name, module, tuple(tensors_in(result)), first, next_id()))
        return result

    sources = tuple(map(Traced.source, inputs))
    recording, mode.recording = mode.recording, True
    try:
        with evaluation_mode(model), watching(model, around):
            model(*sources)
    finally:
        mode.recording = recording
    return Trace(sources, calls[-1].results, tuple(calls))


def read_inputs(model: Module, inputs: Inputs) -> tuple[Tensor, ...]:
    """Return tensors to run a network on; a shape is filled with normal random numbers.

    Their dtype and backend are those of the network's first parameter.

    Raises:
        TypeError: neither a shape nor tensors.
    """
    if isinstance(inputs, Tensor):
        return (inputs,)
    listed: tuple[Any, ...] = tuple(inputs)
    if listed and all(isinstance(t, Tensor) for t in listed):
        return listed
    if not listed or not all(isinstance(n, (int, np.integer)) for n in listed):
        message = f"an input is a shape, a tensor or a list of tensors, not {inputs!r}"
        raise TypeError(message)
    held = (p.value for p in model.parameters() if isinstance(p.value, Tensor))
    home = next(held, None)
    where: Any = {} if home is None else {"dtype": home.dtype, "backend": home.backend}
    return (randn(tuple(map(int, listed)), generator=Generator(0), **where),)


def computed(results: Iterable[Tensor]) -> list[Tensor]:
    """List everything that was computed on the way to results, each after what it was made of."""
    found: dict[int, Any] = {}
    for result in results:
        if result.unique_id not in found:
            found.update((t.unique_id, t) for t in topological_sort(result))
    return [found[i] for i in sorted(found) if not found[i].is_leaf()]


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield the tensors of nested tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from tensors_in(part)
