"""A graph as ONNX has it, under construction: nodes, and constants by name.

A network is run twice, on batches of two sizes. Both runs are walked side by side: where a size
differs between them it is the batch, and where a constant differs it was none. So nothing has to
be guessed from one run, and what it computed outside of tensors cannot be frozen unnoticed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from mt_nn.export.errors import ExportError
from mt_nn.inspection.trace import Call
from mt_tensor import Tensor

Array = np.ndarray[Any, Any]
Sizes = tuple[int | None, ...]

TYPES = {"f": 1, "i": 7, "b": 9}
"""ONNX's numbers for float32, int64 and bool, by NumPy's kinds."""


@dataclass(frozen=True)
class Node:
    """One call of an ONNX operator."""

    op_type: str
    inputs: Sequence[str]
    output: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """The same tensor of two runs.

    Attributes:
        first: as the first run had it.
        second: as the second had it.
    """

    first: Tensor
    second: Tensor

    @property
    def sizes(self) -> Sizes:
        """The shape, with None where it follows the batch."""
        both = zip(self.first.shape, self.second.shape, strict=True)
        return tuple(n if n == m else None for n, m in both)

    @property
    def sizes_of_both(self) -> dict[int, tuple[int, int]]:
        """The sizes in both runs, by dimension, counted from the end."""
        return {d - self.first.ndim: self.at(d) for d in range(self.first.ndim)}

    def at(self, d: int) -> tuple[int, int]:
        """Return the sizes of a dimension in both runs."""
        return self.first.shape[d], self.second.shape[d]

    @property
    def kind(self) -> str:
        """`"f"`, `"i"` or `"b"`: floats, integers or truth values."""
        return str(self.first.dtype.kind)

    @property
    def context(self) -> Any:
        """What the function left that made it."""
        return self.first.history.ctx  # type: ignore[union-attr]  # no constant is asked

    @property
    def inputs(self) -> list["Pair"]:
        """What it was made of."""
        return [Pair(*both) for both in zip(*map(_parents, (self.first, self.second)), strict=True)]


@dataclass
class Graph:
    """Nodes and constants, by the names of their results.

    Attributes:
        held: the names of parameters and buffers, by the identity of their storage.
        nodes: in the order in which they compute.
        constants: what is known before.
        names: what the results of the first run are called, by their serial numbers.
        layer: the call that is being written, for names and errors.
    """

    held: Mapping[int, str]
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    layer: Call | None = None
    _used: set[str] = field(default_factory=set)

    def add(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        """Add a node, and return the name of its result."""
        place = self.layer.name.replace(".", "/") if self.layer else ""
        name = self._unused(f"{place}/{op_type}" if place else op_type)
        self.nodes.append(Node(op_type, inputs, name, attributes))
        return name

    def constant(self, values: Any, name: str = "constant") -> str:
        """Add a constant, floats as float32, and return its name; an equal one is used again."""
        array = np.asarray(values)
        if array.dtype.kind == "f":
            array = array.astype(np.float32)
        there = self.constants.get(name)
        if there is not None and there.dtype == array.dtype and np.array_equal(there, array):
            return name
        name = self._unused(name)
        self.constants[name] = array
        return name

    def operand(self, pair: Pair, beside: Sequence[Pair] = (), first: int = 0) -> str:
        """Return the name of an input; what depends on nothing becomes a constant.

        Args:
            pair: the input in both runs.
            beside: what it broadcasts against; a constant that repeats itself along a dimension
                where one of them has its size is written with size 1 there.
            first: only dimensions before this one, from the end if negative; all if 0.

        Raises:
            ExportError: a constant follows the batch, or depends on the input after all.
        """
        known = self.names.get(pair.first.unique_id)
        if known is not None:
            return known
        arrays = [_elements(t) for t in (pair.first, pair.second)]
        carriers = [p.sizes_of_both for p in beside if p.first.unique_id in self.names]
        for d in range(pair.first.ndim + first):
            carried = any(c.get(d - pair.first.ndim) == pair.at(d) for c in carriers)
            if carried and all(map(_repeats, arrays, (d, d))):
                arrays = [a.take([0], d) for a in arrays]
        if arrays[0].shape != arrays[1].shape:
            self.refuse(f"has a constant of the size of the batch, {pair.first.shape}")
        if not np.array_equal(arrays[0], arrays[1], equal_nan=pair.kind == "f"):
            self.refuse("computes something of the input outside of tensors, which no graph shows")
        return self.constant(arrays[0], self.held.get(id(pair.first.data.storage), "constant"))

    def operands(self, result: Pair) -> list[str]:
        """Return the names of the inputs of a function, which do not broadcast."""
        return [self.operand(pair) for pair in result.inputs]

    def floats(self, pair: Pair, beside: Sequence[Pair]) -> str:
        """Return the name of an input of arithmetic, made floats if it is none."""
        name = self.operand(pair, beside)
        return name if pair.kind == "f" else self.cast(name, "f")

    def cast(self, name: str, kind: str) -> str:
        """Add a conversion to float32, int64 or bool."""
        return self.add("Cast", name, to=TYPES[kind])

    def enter(self, pair: Pair, name: str) -> None:
        """Name an input of the network."""
        self.names[pair.first.unique_id] = self._unused(name)

    def leave(self, pair: Pair, name: str) -> str:
        """Name a result of the network."""
        self.nodes.append(Node("Identity", [self.operand(pair)], self._unused(name), {}))
        return self.nodes[-1].output

    def refuse(self, reason: str) -> NoReturn:
        """Say what cannot be written, and of which layer.

        Raises:
            ExportError: always.
        """
        what = "" if self.layer is None else f"{self.layer} "
        message = f"export_onnx: {what}{reason}"
        raise ExportError(message)

    def _unused(self, name: str) -> str:
        number, free = 0, name
        while free in self._used:
            number += 1
            free = f"{name}_{number}"
        self._used.add(free)
        return free


Rule = Callable[[Graph, Pair], str]
"""Adds what makes a result, and returns its name."""


def _parents(t: Tensor) -> Sequence[Any]:
    return t.parents


def _elements(t: Tensor) -> Array:
    return np.array(t.backend.to_array(t.data))


def _repeats(a: Array, d: int) -> bool:
    """Whether an array is the same all along a dimension."""
    return a.shape[d] > 0 and np.array_equal(a, np.broadcast_to(a.take([0], d), a.shape))
