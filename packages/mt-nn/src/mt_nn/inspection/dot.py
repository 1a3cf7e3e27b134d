"""A network as a drawing: its layers, or every function of a result, in the DOT language.

DOT is what Graphviz and many viewers read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mt_autodiff import Variable
from mt_nn.inspection.trace import Inputs, Trace, computed, read_inputs, trace
from mt_operators import Module
from mt_tensor import GradientError, Tensor


@dataclass
class Drawing:
    """Boxes and arrows.

    Attributes:
        boxes: by key, what is written in each, and its shape.
        arrows: from box to box, with the shape of the tensor that goes along.
    """

    boxes: dict[int, tuple[str, str]] = field(default_factory=dict)
    arrows: dict[tuple[int, int, str], None] = field(default_factory=dict)

    def dot(self) -> str:
        """Write it in the DOT language."""
        place = {key: i for i, key in enumerate(self.boxes)}
        nodes = (
            f'  n{place[key]} [label="{_escaped(label)}", shape={shape}];'
            for key, (label, shape) in self.boxes.items()
        )
        edges = (f'  n{place[a]} -> n{place[b]} [label="{s}"];' for a, b, s in self.arrows)
        return "\n".join(["digraph {", *nodes, *edges, "}"])


def model_to_dot(model: Module | Tensor, input_shape: Inputs | None = None) -> str:
    """Draw the layers of a network, or the functions that made a result, in the DOT language.

    A layer without parts is one box for each of its calls; a function that is called outside of
    such a layer is one too. Arrows carry the shapes of what flows.

    Args:
        model: a network; or a result, before a `backward` frees its graph.
        input_shape: for a network, what it is run on, as for `summary`.

    Raises:
        TypeError: a network without an input, or an input that is neither a shape nor tensors.
        GradientError: a result whose graph was freed.

    >>> from mt_nn import Linear, ReLU, Sequential
    >>> print(model_to_dot(Sequential(Linear(2, 1), ReLU()), (8, 2)))
    digraph {
      n0 [label="input", shape=ellipse];
      n1 [label="0: Linear", shape=box];
      n2 [label="1: ReLU", shape=box];
      n3 [label="output", shape=ellipse];
      n0 -> n1 [label="(8, 2)"];
      n1 -> n2 [label="(8, 1)"];
      n2 -> n3 [label="(8, 1)"];
    }
    """
    if isinstance(model, Tensor):
        return _functions(model).dot()
    if input_shape is None:
        message = "model_to_dot: a network is drawn by what it does with an input; give its shape"
        raise TypeError(message)
    return _layers(trace(model, read_inputs(model, input_shape))).dot()


def _layers(run: Trace) -> Drawing:
    drawing = Drawing()
    made_in: dict[int, int] = {}
    for i, source in enumerate(run.inputs):
        number = f" {i}" if len(run.inputs) > 1 else ""
        made_in[source.unique_id] = source.unique_id
        drawing.boxes[source.unique_id] = (f"input{number}", "ellipse")
    for result in run.dependent:
        call = run.call_of(result)
        inside = not call.module.children() and call.name
        key = call.first if inside else result.unique_id
        made_in[result.unique_id] = key
        label = f"{call.name}: {type(call.module).__name__}" if inside else _function(result)
        drawing.boxes.setdefault(key, (label, "box" if inside else "ellipse"))
        _join(drawing, result.parents, key, made_in)
    for i, output in enumerate(run.outputs):
        number = f" {i}" if len(run.outputs) > 1 else ""
        key = -1 - i
        drawing.boxes[key] = (f"output{number}", "ellipse")
        _join(drawing, [output], key, made_in)
    return drawing


def _functions(result: Tensor) -> Drawing:
    drawing = Drawing()
    made_in: dict[int, int] = {}
    for made in computed([result]):
        if made.history is None or made.history.ctx is None:
            message = "model_to_dot: the graph of this result was freed by a backward()"
            raise GradientError(message)
        for leaf in made.parents:
            if leaf.is_leaf():
                made_in[leaf.unique_id] = leaf.unique_id
                drawing.boxes[leaf.unique_id] = (f"leaf\n{leaf.shape}", "box")  # type: ignore[attr-defined]  # a tensor
        made_in[made.unique_id] = made.unique_id
        drawing.boxes[made.unique_id] = (_function(made), "ellipse")
        _join(drawing, made.parents, made.unique_id, made_in)
    return drawing


def _join(drawing: Drawing, inputs: Iterable[Variable], key: int, made_in: dict[int, int]) -> None:
    """Draw arrows to a box from where its inputs were made, but for what it made itself."""
    for t in inputs:
        origin = made_in.get(t.unique_id, key)
        if origin != key:
            drawing.arrows[origin, key, str(t.shape)] = None  # type: ignore[attr-defined]  # a tensor


def _function(result: Tensor) -> str:
    rule = result.history.last_fn if result.history else None
    return rule.__name__ if rule else "input"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
