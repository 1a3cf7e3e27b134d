"""From two runs of a network to one graph."""

from dataclasses import dataclass
from inspect import signature
from itertools import chain
from typing import Any

import numpy as np

from mt_nn.export.functions import RULES as FUNCTIONS
from mt_nn.export.graph import Graph, Pair
from mt_nn.export.operators import RULES as OPERATORS
from mt_nn.inspection.trace import Inputs, Trace, computed, read_inputs, trace
from mt_nn.inspection.traced import operator_of
from mt_operators import Module
from mt_tensor import Generator, Tensor, randn, tensor

SIZES = (2, 3)
"""The batches of the two runs; not 1, which broadcasts."""


@dataclass(frozen=True)
class Translation:
    """A graph, and what goes in and comes out, by name."""

    graph: Graph
    inputs: list[tuple[str, Pair]]
    outputs: list[tuple[str, Pair]]


def translated(model: Module, input_shape: Inputs, batch_dim: int | None) -> Translation:
    """Run a network twice and write down what it does.

    Raises:
        ExportError: a layer does something that has no counterpart, or that depends on the batch.
        TraceError: a layer reads numbers outside of tensors.
    """
    examples = read_inputs(model, input_shape)
    runs = [trace(model, [_example(t, batch_dim, run) for t in examples]) for run in (0, 1)]
    graph = Graph(_held(model))
    inputs = _numbered(_input_names(model, len(examples)), *(run.inputs for run in runs))
    for name, pair in inputs:
        graph.enter(pair, name)
    _write(graph, *runs)
    count = len(runs[0].outputs)
    names = ["output"] if count == 1 else [f"output_{i}" for i in range(count)]
    outputs = _numbered(names, *(run.outputs for run in runs))
    return Translation(graph, inputs, [(graph.leave(pair, n), pair) for n, pair in outputs])


def _write(graph: Graph, first: Trace, second: Trace) -> None:
    steps = [_steps(run) for run in (first, second)]
    kinds = [[_rule_name(t) for t in run] for run in steps]
    if kinds[0] != kinds[1]:
        graph.refuse("the network does something else for another batch, or for other numbers")
    for both in zip(*steps, strict=True):
        graph.layer = first.call_of(both[0])
        graph.names[both[0].unique_id] = _written(graph, Pair(*both))
    graph.layer = None


def _written(graph: Graph, result: Pair) -> str:
    history: Any = result.first.history
    op = operator_of(history)
    rule = FUNCTIONS.get(history.last_fn) if op is None else OPERATORS.get(op)
    if rule is None:
        graph.refuse(f"uses {_rule_name(result.first)}, which has no counterpart in ONNX here")
    return rule(graph, result)


def _steps(run: Trace) -> list[Tensor]:
    """List what has to be computed for the outputs, in order."""
    needed = {t.unique_id for t in computed(run.outputs)}
    return [t for t in run.dependent if t.unique_id in needed]


def _rule_name(result: Tensor) -> str:
    history: Any = result.history
    op = operator_of(history)
    return str(history.last_fn.__name__) if op is None else op.name


def _example(given: Tensor, batch_dim: int | None, run: int) -> Tensor:
    """Return an input of one of the two runs: other numbers, and another size of the batch."""
    shape = list(given.shape)
    if batch_dim is not None:
        shape[batch_dim] = SIZES[run]
    if given.dtype.kind == "f":
        where: dict[str, Any] = {"dtype": given.dtype, "backend": given.backend}
        return randn(tuple(shape), generator=Generator(run), **where)
    values = np.resize(given.numpy().ravel()[:: 1 - 2 * run], shape)
    return tensor(values, dtype=given.dtype, backend=given.backend)


def _held(model: Module) -> dict[int, str]:
    named = chain(model.named_parameters(), model.named_buffers())
    tensors = [(name, h.value) for name, h in named if isinstance(h.value, Tensor)]
    return {id(value.data.storage): name for name, value in tensors}


def _input_names(model: Module, count: int) -> list[str]:
    listed = list(signature(model.forward).parameters.values())
    names = [p.name for p in listed if p.kind is p.POSITIONAL_OR_KEYWORD]
    return names[:count] if len(names) >= count else [f"input_{i}" for i in range(count)]


def _numbered(
    names: list[str], first: tuple[Tensor, ...], second: tuple[Tensor, ...]
) -> list[tuple[str, Pair]]:
    pairs = [Pair(*both) for both in zip(first, second, strict=True)]
    return list(zip(names, pairs, strict=True))
