"""The computation graph as data: its values and the operators between them, ready to draw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mt_autodiff.backpropagation import gradients, topological_sort
from mt_autodiff.mode import no_grad
from mt_autodiff.scalar import Scalar
from mt_autodiff.variable import Variable

Kind = Literal["leaf", "constant", "result", "function"]
Describe = Callable[[Any, Any], Sequence[str]]
"""The lines to write about a variable, from it and its gradient (None where there is none)."""


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the drawing.

    Attributes:
        kind: a leaf, a constant, a result, or the function that made one.
        lines: what is written in it.
    """

    kind: Kind
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Boxes and arrows.

    Attributes:
        nodes: in the order of computation: what an arrow starts from comes before its end.
        edges: pairs of positions in `nodes`.
    """

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]


def describe_scalar(scalar: Scalar, derivative: float | None) -> list[str]:
    """Return the name, if it was given one, the value, and the derivative of the result by it."""
    lines = [scalar.given_name] if scalar.given_name else []
    lines.append(f"{scalar.data:.4g}")
    return lines if derivative is None else [*lines, f"d {derivative + 0.0:.4g}"]


def graph_of(result: Variable, describe: Describe = describe_scalar) -> Graph:
    """Return everything that a variable was computed from.

    The derivatives are those of `result`, worked out for the drawing; no leaf gets any added.

    Args:
        result: what was computed, before its graph is freed by a `backward`.
        describe: what to write about each variable.

    Raises:
        GradientError: the graph was freed.

    >>> x = Scalar(2.0, name="x")
    >>> [node.lines for node in graph_of(x * 3.0).nodes]
    [('x', '2', 'd 3'), ('3',), ('mul',), ('6', 'd 1')]
    """
    with no_grad():
        derivatives = {v.unique_id: d for v, d in gradients(result, 1.0)}
    nodes: list[Node] = []
    edges: list[tuple[int, int]] = []
    position: dict[int, int] = {}
    for variable in _computed_order(result):
        if (history := variable.history) is not None and history.last_fn is not None:
            inputs = [position[v.unique_id] for v in history.inputs]
            edges += [(i, len(nodes)) for i in dict.fromkeys(inputs)]
            edges.append((len(nodes), len(nodes) + 1))
            nodes.append(Node("function", (history.last_fn.__name__,)))
        position[variable.unique_id] = len(nodes)
        lines = describe(variable, derivatives.get(variable.unique_id))
        nodes.append(Node(_kind(variable), tuple(lines)))
    return Graph(tuple(nodes), tuple(edges))


def _computed_order(result: Variable) -> list[Variable]:
    """List all variables, constants included, each after its inputs."""
    found: dict[int, Variable] = {}
    for variable in reversed(topological_sort(result)):
        found.update((v.unique_id, v) for v in variable.parents)
        found[variable.unique_id] = variable
    return list(found.values()) or [result]


def _kind(variable: Variable) -> Kind:
    if variable.is_constant():
        return "constant"
    return "leaf" if variable.is_leaf() else "result"
