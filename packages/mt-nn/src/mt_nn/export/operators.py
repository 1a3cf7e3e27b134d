"""Elementwise operators in ONNX."""

from collections.abc import Callable, Sequence
from typing import Any

from mt_nn.export.graph import Graph, Pair, Rule
from mt_nn.functional.activation import elu_op, gelu_tanh_op, silu_op
from mt_operators import (
    Op,
    absolute,
    add,
    clamp,
    cos,
    div,
    eq,
    erf,
    exp,
    ge,
    gelu,
    gt,
    identity,
    inv,
    le,
    leaky_relu,
    log,
    lt,
    maximum,
    minimum,
    mul,
    ne,
    neg,
    power,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    sub,
    tanh,
    where,
)


def plain(op_type: str, **attributes: Any) -> Rule:
    """Return the rule of an operator that ONNX has."""

    def rule(graph: Graph, result: Pair) -> str:
        return graph.add(op_type, *_inputs(graph, result.inputs), **attributes)

    return rule


def composed(write: Callable[..., str]) -> Rule:
    """Return the rule of an operator that is written as several, on the names of its inputs."""

    def rule(graph: Graph, result: Pair) -> str:
        return write(graph, *_inputs(graph, result.inputs))

    return rule


def _inputs(graph: Graph, pairs: Sequence[Pair]) -> list[str]:
    return [graph.floats(pair, pairs) for pair in pairs]


def _clamp(graph: Graph, x: str, low: str, high: str) -> str:
    return graph.add("Min", graph.add("Max", x, low), high)


def _silu(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, graph.add("Sigmoid", x))


def _elu(graph: Graph, x: str, alpha: str) -> str:
    zero = graph.constant(0.0, "zero")
    grown = graph.add("Exp", graph.add("Min", x, zero))
    below = graph.add("Mul", alpha, graph.add("Sub", grown, graph.constant(1.0, "one")))
    return graph.add("Where", graph.add("Greater", x, zero), x, below)


def _where(graph: Graph, result: Pair) -> str:
    condition, *branches = result.inputs
    name = graph.operand(condition, result.inputs)
    chosen = name if condition.kind == "b" else graph.cast(name, "b")
    return graph.add("Where", chosen, *(graph.floats(b, result.inputs) for b in branches))


RULES: dict[Op, Rule] = {
    absolute: plain("Abs"),
    add: plain("Add"),
    clamp: composed(_clamp),
    cos: plain("Cos"),
    div: plain("Div"),
    elu_op: composed(_elu),
    eq: plain("Equal"),
    erf: plain("Erf"),
    exp: plain("Exp"),
    ge: plain("GreaterOrEqual"),
    gelu: plain("Gelu"),
    gelu_tanh_op: plain("Gelu", approximate="tanh"),
    gt: plain("Greater"),
    identity: plain("Identity"),
    inv: plain("Reciprocal"),
    le: plain("LessOrEqual"),
    leaky_relu: plain("PRelu"),
    log: plain("Log"),
    lt: plain("Less"),
    maximum: plain("Max"),
    minimum: plain("Min"),
    mul: plain("Mul"),
    ne: composed(lambda graph, x, y: graph.add("Not", graph.add("Equal", x, y))),
    neg: plain("Neg"),
    power: plain("Pow"),
    relu: plain("Relu"),
    sigmoid: plain("Sigmoid"),
    silu_op: composed(_silu),
    sin: plain("Sin"),
    softplus: plain("Softplus"),
    sqrt: plain("Sqrt"),
    sub: plain("Sub"),
    tanh: plain("Tanh"),
    where: _where,
}
