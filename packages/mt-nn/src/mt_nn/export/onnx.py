"""Networks as ONNX files, which other programs run.

What is written is what the network does with an input in evaluation mode, function by function, so
its own forward may be anything that computes with tensors. Floats become float32.

Source: https://onnx.ai/onnx/operators/; the file has opset 20.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from mt_nn.checkpoint.files import write_whole
from mt_nn.export.graph import TYPES, Graph, Pair
from mt_nn.export.translation import SIZES, Translation, translated
from mt_nn.inspection.trace import Inputs
from mt_operators import Module

OPSET, IR = 20, 9


def export_onnx(
    path: str | Path, model: Module, input_shape: Inputs, *, batch_dim: int | None = 0
) -> None:
    """Write a network as an ONNX file, in which the size of the batch stays open.

    The network is run twice, in evaluation mode, on random numbers. It must do the same both times:
    a path that it chooses by its numbers is refused, and a loop over a sequence is written for the
    length that it is given.

    Args:
        path: the file; the previous one stays whole until this one is.
        model: the network; it is as before afterwards.
        input_shape: the shape of its input; for integers, or for several inputs, the tensors
            themselves. Of integers the values count, of floats only the shape.
        batch_dim: which dimension of every input is the batch; None if all sizes are fixed.

    Raises:
        ImportError: the package onnx is not installed.
        ExportError: a layer does something that has no counterpart, or that depends on the batch.
        TraceError: a layer reads numbers outside of tensors.
        OSError: the folder cannot be written to.
    """
    onnx = _library()
    content = _content(onnx, type(model).__name__, translated(model, input_shape, batch_dim))
    onnx.checker.check_model(content, full_check=True)
    write_whole(Path(path), content.SerializeToString())


def _library() -> Any:
    try:
        import onnx  # noqa: PLC0415  an extra: whoever exports nothing does without it
    except ImportError:
        message = "export_onnx needs the package onnx: python -m pip install 'mt-nn[onnx]'"
        raise ImportError(message) from None
    return onnx


def _content(onnx: Any, name: str, written: Translation) -> Any:
    graph = onnx.helper.make_graph(
        _nodes(onnx, written.graph),
        name,
        [_described(onnx, *value) for value in written.inputs],
        [_described(onnx, *value) for value in written.outputs],
        [onnx.numpy_helper.from_array(a, n) for n, a in written.graph.constants.items()],
    )
    return onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="mt-nn",
        producer_version=version("mt-nn"),
    )


def _nodes(onnx: Any, graph: Graph) -> list[Any]:
    make = onnx.helper.make_node
    return [make(n.op_type, n.inputs, [n.output], n.output, **n.attributes) for n in graph.nodes]


def _described(onnx: Any, name: str, value: Pair) -> Any:
    dims = ["batch" if value.at(d) == SIZES else n for d, n in enumerate(value.sizes)]
    return onnx.helper.make_tensor_value_info(name, TYPES[value.kind], dims)
