"""Functions in ONNX: products, convolutions, pooling, folds and changes of shape."""

from collections.abc import Callable
from typing import Any

from mt_nn.export.graph import Graph, Pair, Rule
from mt_nn.functional.convolution import CONV2D
from mt_nn.functional.convolution1d import CONV1D
from mt_nn.functional.embedding import Embedding
from mt_nn.functional.linear import LINEAR
from mt_nn.functional.normalization import Standardize
from mt_nn.functional.pooling import AVG_POOL2D, MAX_POOL2D
from mt_nn.functional.softmax import LOG_SOFTMAX
from mt_nn.functional.transposed import ConvTranspose2d
from mt_operators import maximum
from mt_tensor.functions.indexing import Gather
from mt_tensor.functions.joining import Cat
from mt_tensor.functions.matmul import MATMUL
from mt_tensor.functions.movement import PERMUTE, VIEW, Copy, Expand, Restride
from mt_tensor.functions.padding import Pad
from mt_tensor.functions.reduction import MEAN, SUM, Axes, CumSum, Extremum, Prod
from mt_tensor.functions.transfer import Transfer

FIRST, LAST = -(2**63), 2**63 - 1
"""What ONNX takes for a slice that goes to the end of a dimension, backwards or forwards."""


def _conv(graph: Graph, result: Pair) -> str:
    return graph.add("Conv", *graph.operands(result), **_geometry(result))


def _conv1d(graph: Graph, result: Pair) -> str:
    both = _geometry(result)
    along = {name: both[name][1:] for name in ("strides", "dilations")}
    pads, group = both["pads"][1::2], both["group"]
    return graph.add("Conv", *graph.operands(result), **along, pads=pads, group=group)


def _conv_transpose(graph: Graph, result: Pair) -> str:
    how, (x, weight) = result.context.geometry, result.inputs
    numbers = zip(
        *(x.first.shape[2:], weight.first.shape[2:], result.first.shape[2:]),
        *(how.stride, how.padding, how.dilation),
        strict=True,
    )
    extra = [out - ((n - 1) * s - 2 * p + d * (k - 1) + 1) for n, k, out, s, p, d in numbers]
    names = graph.operands(result)
    return graph.add("ConvTranspose", *names, output_padding=extra, **_geometry(result))


def _geometry(result: Pair) -> dict[str, Any]:
    how = result.context.geometry
    return {
        "strides": how.stride,
        "pads": [*how.padding, *how.padding],
        "dilations": how.dilation,
        "group": how.groups,
    }


def _pool(op_type: str) -> Rule:
    def rule(graph: Graph, result: Pair) -> str:
        kernel, stride = result.context.geometry
        (x,) = graph.operands(result)
        return graph.add(op_type, x, kernel_shape=kernel, strides=stride)

    return rule


def _standardize(graph: Graph, result: Pair) -> str:
    (x,) = graph.operands(result)
    axes = graph.constant(list(result.context.axes), "axes")
    if result.context.centred:
        x = graph.add("Sub", x, graph.add("ReduceMean", x, axes))
    variance = graph.add("ReduceMean", graph.add("Mul", x, x), axes)
    shifted = graph.add("Add", variance, graph.constant(result.context.eps, "eps"))
    return graph.add("Div", x, graph.add("Sqrt", shifted))


def _embedding(graph: Graph, result: Pair) -> str:
    rows, table = result.inputs
    return graph.add("Gather", graph.operand(table), graph.operand(rows), axis=0)


def _matmul(graph: Graph, result: Pair) -> str:
    names = [graph.operand(pair, result.inputs, first=-2) for pair in result.inputs]
    return graph.add("MatMul", *names)


def _fold(op_type: str) -> Rule:
    def rule(graph: Graph, result: Pair) -> str:
        (x,) = result.inputs
        both = zip(x.sizes, result.sizes, strict=True)
        axes = [d for d, (before, after) in enumerate(both) if before != after]
        name = graph.floats(x, [x])
        return graph.add(op_type, name, graph.constant(axes, "axes")) if axes else name

    return rule


def _dropping(op_type: Callable[[Any], str], axes_of: Callable[[Any], Axes]) -> Rule:
    """Write a fold that may drop the dimensions along which it folds."""

    def rule(graph: Graph, result: Pair) -> str:
        (x,) = result.inputs
        name, axes = graph.floats(x, [x]), list(axes_of(result.context))
        if not axes:
            return name
        kept, dropped = len(result.sizes), len(x.sizes) - len(axes)
        gone = graph.constant(axes, "axes")
        keepdims = int(kept == len(x.sizes))
        folded = graph.add(op_type(result.context), name, gone, keepdims=keepdims)
        if kept in {len(x.sizes), dropped}:
            return folded
        return graph.add("Reshape", folded, graph.constant([1], "shape"))

    return rule


def _linear(graph: Graph, result: Pair) -> str:
    return graph.add("Gemm", *graph.operands(result), transB=1)


def _extremum(context: Any) -> str:
    return "ReduceMax" if context.op is maximum else "ReduceMin"


def _view(graph: Graph, result: Pair) -> str:
    (x,) = result.inputs
    wanted = list(result.sizes)
    for d, (n, before) in enumerate(zip(result.sizes, x.sizes, strict=False)):
        if n is None is before and _same(x, result, d) and wanted.count(None) > 1:
            wanted[d] = 0
    if wanted.count(None) > 1:
        graph.refuse(f"makes {result.first.shape} of {x.first.shape}: several sizes of the batch")
    shape = [-1 if n is None else n for n in wanted]
    return graph.add("Reshape", graph.operand(x), graph.constant(shape, "shape"))


def _same(x: Pair, y: Pair, d: int) -> bool:
    return x.first.shape[d] == y.first.shape[d] and x.second.shape[d] == y.second.shape[d]


def _expand(graph: Graph, result: Pair) -> str:
    (x,) = result.inputs
    before = (1,) * (len(result.sizes) - len(x.sizes)) + x.sizes
    if any(n is None is not m for n, m in zip(result.sizes, before, strict=True)):
        graph.refuse(f"stretches {x.first.shape} to {result.first.shape}, the size of the batch")
    shape = [1 if n is None else n for n in result.sizes]
    return graph.add("Expand", graph.operand(x), graph.constant(shape, "shape"))


def _copy(graph: Graph, result: Pair) -> str:
    (x,) = result.inputs
    name = graph.operand(x)
    return name if x.kind == result.kind else graph.cast(name, result.kind)


def _restride(graph: Graph, result: Pair) -> str:
    (x,) = result.inputs
    name, axes = graph.operand(x), []
    parts = [_slices(p.history.ctx.selection, s.shape) for p, s in _runs(result, x)]
    if parts[0] != parts[1]:
        graph.refuse(f"takes another part of a batch of {x.second.shape[0]} than of another")
    for d, (start, stop, step) in parts[0].items():
        axes.append(d)
        limits = [graph.constant([n], "index") for n in (start, stop, d, step)]
        name = graph.add("Slice", name, *limits)
    selection = result.context.selection
    if selection.fixed:
        gone = graph.constant([d for d, _ in selection.fixed], "axes")
        name = graph.add("Squeeze", name, gone)
    new = [d for d, (source, *_) in enumerate(selection.steps) if source is None]
    return graph.add("Unsqueeze", name, graph.constant(new, "axes")) if new else name


def _runs(result: Pair, x: Pair) -> list[tuple[Any, Any]]:
    return [(result.first, x.first), (result.second, x.second)]


def _slices(selection: Any, shape: tuple[int, ...]) -> dict[int, tuple[int, int, int]]:
    """Return start, stop and step of each dimension that is not taken whole."""
    parts = {d: (i, i + 1, 1) for d, i in selection.fixed}
    for source, start, step, length in selection.steps:
        if source is None or (start, step, length) == (0, 1, shape[source]):
            continue
        stop = start + length * step
        if step > 0:
            parts[source] = (start, stop if stop < shape[source] else LAST, step)
        else:  # counted from the end, so that it does not depend on the size
            end = FIRST if stop < 0 else stop - shape[source]
            parts[source] = (start - shape[source], end, step)
    return parts


def _gather(graph: Graph, result: Pair) -> str:
    (x,) = result.inputs
    selection = result.context.selection
    whole = [(d, 0, 1, n) for d, n in enumerate(x.first.shape)]
    if selection.fixed or len(selection.arrays) != 1 or list(selection.steps) != whole:
        graph.refuse("is indexed by several arrays, or by an array and a slice")
    ((axis, indices),) = selection.arrays.items()
    return graph.add("Gather", graph.operand(x), graph.constant(indices, "rows"), axis=axis)


def _cat(graph: Graph, result: Pair) -> str:
    return graph.add("Concat", *graph.operands(result), axis=result.context.axis)


def _pad(graph: Graph, result: Pair) -> str:
    (x,) = graph.operands(result)
    pads = [before for before, _ in result.context.widths]
    pads += [after for _, after in result.context.widths]
    value = graph.constant(float(result.context.value), "value")
    return graph.add("Pad", x, graph.constant(pads, "pads"), value)


def _permute(graph: Graph, result: Pair) -> str:
    (x,) = graph.operands(result)
    return graph.add("Transpose", x, perm=result.context)


def _cumsum(graph: Graph, result: Pair) -> str:
    (x,) = graph.operands(result)
    return graph.add("CumSum", x, graph.constant(result.context.axis, "axis"))


def _log_softmax(graph: Graph, result: Pair) -> str:
    (x,) = graph.operands(result)
    return graph.add("LogSoftmax", x, axis=result.context.axis)


RULES: dict[Any, Rule] = {
    AVG_POOL2D: _pool("AveragePool"),
    Cat: _cat,
    CONV1D: _conv1d,
    CONV2D: _conv,
    ConvTranspose2d: _conv_transpose,
    Copy: _copy,
    CumSum: _cumsum,
    Embedding: _embedding,
    Expand: _expand,
    Extremum: _dropping(_extremum, lambda context: context.axes),
    Gather: _gather,
    LINEAR: _linear,
    LOG_SOFTMAX: _log_softmax,
    MATMUL: _matmul,
    MAX_POOL2D: _pool("MaxPool"),
    MEAN: _dropping(lambda _: "ReduceMean", lambda saved: saved[0].axes),
    Pad: _pad,
    PERMUTE: _permute,
    Prod: _fold("ReduceProd"),
    Restride: _restride,
    Standardize: _standardize,
    SUM: _dropping(lambda _: "ReduceSum", lambda saved: saved[0].axes),
    Transfer: _copy,
    VIEW: _view,
}
