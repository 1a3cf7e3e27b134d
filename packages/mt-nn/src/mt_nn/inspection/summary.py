"""A network as a table: what each layer makes, holds and costs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mt_nn.inspection.flops import flops
from mt_nn.inspection.trace import Inputs, Trace, read_inputs, trace
from mt_operators import Module, Parameter
from mt_tensor import Tensor

Shape = tuple[int, ...]
HEADINGS = ("layer", "output", "parameters", "FLOPs", "memory")
UNITS = ("B", "KiB", "MiB", "GiB")
STEP = 1024


@dataclass(frozen=True)
class LayerSummary:
    """One layer. What belongs to its parts is in their lines, so that the lines add up.

    Attributes:
        name: its dotted name; `""` for the network.
        kind: its class.
        outputs: the shapes of what it returned when it was last called; none if it was not.
        calls: how often it was called.
        parameters: how many numbers it holds, but for those in a line above.
        trainable: how many of them gradients flow into.
        flops: multiplications and additions of products in all its calls.
        memory: bytes of the results that it computed in all its calls; a view takes none.
    """

    name: str
    kind: str
    outputs: tuple[Shape, ...]
    calls: int
    parameters: int
    trainable: int
    flops: int
    memory: int


@dataclass
class Cost:
    """Operations and bytes of a call, added up."""

    flops: int = 0
    memory: int = 0


@dataclass(frozen=True)
class Summary:
    """A network, layer by layer; printed, it is a table.

    Attributes:
        inputs: the shapes that it was given.
        layers: every module of the tree, once.
        parameter_memory: bytes of the parameters.
    """

    inputs: tuple[Shape, ...]
    layers: tuple[LayerSummary, ...]
    parameter_memory: int

    @property
    def parameters(self) -> int:
        """How many numbers the network holds; shared ones count once."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trainable(self) -> int:
        """How many of them gradients flow into."""
        return sum(layer.trainable for layer in self.layers)

    @property
    def flops(self) -> int:
        """Multiplications and additions of products in one forward run."""
        return sum(layer.flops for layer in self.layers)

    @property
    def memory(self) -> int:
        """Bytes of everything that a forward run computes."""
        return sum(layer.memory for layer in self.layers)

    def __str__(self) -> str:
        """Write the table."""
        rows = [HEADINGS, *map(_row, self.layers)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [_line(row, widths) for row in rows]
        rule = "─" * len(lines[0])
        held = _bytes(self.parameter_memory)
        frozen = self.parameters - self.trainable
        facts = [
            f"input       {_shapes(self.inputs)}",
            f"parameters  {self.parameters:,}" + (f", {frozen:,} of them frozen" if frozen else ""),
            f"FLOPs       {self.flops:,} forward",
            f"memory      {held} of parameters, {_bytes(self.memory)} of results",
        ]
        return "\n".join([lines[0], rule, *lines[1:], rule, *facts])


def summary(model: Module, input_shape: Inputs) -> Summary:
    """Run a network once, in evaluation mode, and tell what each layer makes, holds and costs.

    FLOPs are those of matrix products and convolutions, two for each multiplication and addition,
    as they are computed here: adaptive pooling, for one, is a product.

    Args:
        model: the network; it is as before afterwards.
        input_shape: the shape of its input, with the batch. For integers, or for several inputs,
            the tensors themselves.

    Raises:
        TypeError: neither a shape nor tensors.
        TraceError: the network decides by its numbers, outside of tensors, what to compute.

    >>> from mt_nn import Linear, ReLU, Sequential
    >>> table = summary(Sequential(Linear(2, 8), ReLU(), Linear(8, 1)), (16, 2))
    >>> table.parameters, table.flops
    (33, 768)
    """
    run = trace(model, read_inputs(model, input_shape))
    costs = _costs(run, model)
    seen: set[int] = set()
    layers = tuple(_layer(n, m, run, costs, seen) for n, m in model.named_modules())
    held = [p.value for p in model.parameters() if isinstance(p.value, Tensor)]
    memory = sum(value.size * value.dtype.itemsize for value in held)
    return Summary(tuple(t.shape for t in run.inputs), layers, memory)


def _layer(
    name: str, module: Module, run: Trace, costs: dict[int, Cost], seen: set[int]
) -> LayerSummary:
    calls = [call for call in run.calls if call.module is module]
    own = [p.value for p in _own(module, seen) if isinstance(p.value, Tensor)]
    return LayerSummary(
        name,
        type(module).__name__,
        tuple(t.shape for t in calls[-1].results) if calls else (),
        len(calls),
        sum(value.size for value in own),
        sum(value.size for value in own if value.requires_grad),
        sum(costs[call.first].flops for call in calls),
        sum(costs[call.first].memory for call in calls),
    )


def _costs(run: Trace, model: Module) -> dict[int, Cost]:
    """Return what each call costs, without the calls inside it, by its first serial number."""
    costs = {call.first: Cost() for call in run.calls}
    held = {id(t.data.storage) for t in run.inputs}
    held |= {id(p.value.data.storage) for p in model.parameters() if isinstance(p.value, Tensor)}
    for result in run.results:
        cost, storage = costs[run.call_of(result).first], result.data.storage
        cost.flops += flops(result)
        cost.memory += 0 if id(storage) in held else len(storage) * result.dtype.itemsize
        held.add(id(storage))
    return costs


def _own(module: Module, seen: set[int]) -> Iterator[Parameter[Any]]:
    """Yield the parameters of a module but for those of its parts, and those seen before."""
    for part in vars(module).values():
        if isinstance(part, Parameter) and id(part) not in seen:
            seen.add(id(part))
            yield part


def _row(layer: LayerSummary) -> tuple[str, ...]:
    depth = layer.name.count(".") + 1 if layer.name else 0
    own = f"{layer.name.rpartition('.')[2]}: {layer.kind}" if layer.name else layer.kind
    repeated = f" x {layer.calls}" if layer.calls > 1 else ""
    return (
        "  " * depth + own + repeated,
        _shapes(layer.outputs) or "not called",
        f"{layer.parameters:,}" if layer.parameters else "",
        f"{layer.flops:,}" if layer.flops else "",
        _bytes(layer.memory) if layer.memory else "",
    )


def _line(row: Iterable[str], widths: list[int]) -> str:
    name, output, *numbers = row
    padded = [name.ljust(widths[0]), output.ljust(widths[1])]
    padded += [number.rjust(width) for number, width in zip(numbers, widths[2:], strict=True)]
    return "  ".join(padded).rstrip()


def _shapes(shapes: Iterable[Shape]) -> str:
    return ", ".join(map(str, shapes))


def _bytes(count: int) -> str:
    power = min((max(count, 1).bit_length() - 1) // 10, len(UNITS) - 1)
    return f"{count / STEP**power:.1f} {UNITS[power]}" if power else f"{count} {UNITS[0]}"
