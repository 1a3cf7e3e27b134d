"""Drawings of the computation graph: as DOT text, and as SVG without any other program.

DOT is the language of Graphviz and of many viewers. The SVG needs neither: `layering` places the
boxes. A graph of more than a few hundred nodes is better read in an interactive viewer.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from mt_autodiff.graph import Describe, Graph, Node, describe_scalar, graph_of
from mt_autodiff.layering import Layout, Place, Size, layered
from mt_autodiff.variable import Variable

SHAPES = {"leaf": "box", "constant": "plaintext", "result": "box", "function": "ellipse"}
FILLS = {"leaf": "#dbe5ee", "constant": "none", "result": "#ffffff", "function": "#f4ecd8"}
FONT = 'font-family="monospace" font-size="12" text-anchor="middle"'
LINE_HEIGHT = 16.0
CHARACTER = 7.3
"""The width of a character of the monospaced font, at 12 pixels."""
PADDING = 8.0
MARGIN = 10.0


def to_dot(result: Variable, describe: Describe = describe_scalar) -> str:
    """Write the graph that a variable was computed by in the DOT language.

    Args:
        result: what was computed, before its graph is freed by a `backward`.
        describe: what to write about each variable; by default name, value and derivative.

    Raises:
        GradientError: the graph was freed.
    """
    graph = graph_of(result, describe)
    nodes = (
        f'  n{i} [label="{_dot_label(node)}", shape={SHAPES[node.kind]}];'
        for i, node in enumerate(graph.nodes)
    )
    edges = (f"  n{a} -> n{b};" for a, b in graph.edges)
    return "\n".join(["digraph {", "  rankdir=LR;", *nodes, *edges, "}"])


def to_svg(result: Variable, describe: Describe = describe_scalar) -> str:
    """Draw the graph that a variable was computed by as an SVG document.

    Args:
        result: what was computed, before its graph is freed by a `backward`.
        describe: what to write about each variable; by default name, value and derivative.

    Raises:
        GradientError: the graph was freed.
    """
    graph = graph_of(result, describe)
    sizes = [_size(node) for node in graph.nodes]
    layout = layered(sizes, graph.edges)
    lines = [
        f"<svg {_frame(layout.size)} {FONT}>",
        "<title>computation graph</title>",
        f'<g transform="translate({MARGIN:g} {MARGIN:g})">',
        *_arrows(graph, layout, sizes),
        *_boxes(graph.nodes, layout.places, sizes),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines)


def _frame(size: Size) -> str:
    width, height = (extent + 2.0 * MARGIN for extent in size)
    box = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    return f'xmlns="http://www.w3.org/2000/svg" {box} role="img"'


def _dot_label(node: Node) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in node.lines)
    return "\\n".join(escaped)


def _size(node: Node) -> Size:
    longest = max((len(line) for line in node.lines), default=0)
    tall = LINE_HEIGHT * len(node.lines) + PADDING
    return longest * CHARACTER + 2.0 * PADDING, tall


def _arrows(graph: Graph, layout: Layout, sizes: Sequence[Size]) -> Iterator[str]:
    for (start, end), route in zip(graph.edges, layout.routes, strict=True):
        x0, y0 = layout.places[start]
        x1, y1 = layout.places[end]
        tip = x1 - sizes[end][0] / 2.0
        points = [(x0 + sizes[start][0] / 2.0, y0), *route, (tip, y1)]
        yield f'<path d="{_curve(points)}" fill="none" stroke="#888888"/>'
        yield f'<path d="M{tip:.1f} {y1:.1f}l-6 -3v6z" fill="#888888"/>'


def _curve(points: Sequence[Place]) -> str:
    """Join points by cubic curves that leave and arrive level: straight between equal heights."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2.0
        parts.append(f"C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
    return "".join(parts)


def _boxes(nodes: Sequence[Node], places: Sequence[Place], sizes: Sequence[Size]) -> Iterator[str]:
    for node, (x, y), (width, height) in zip(nodes, places, sizes, strict=True):
        stroke = "none" if node.kind == "constant" else "#555555"
        corner = height / 2.0 if node.kind == "function" else 3.0
        yield (
            f'<rect x="{x - width / 2.0:.1f}" y="{y - height / 2.0:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}" rx="{corner:.1f}" fill="{FILLS[node.kind]}" '
            f'stroke="{stroke}"/>'
        )
        top = y - LINE_HEIGHT * (len(node.lines) - 1) / 2.0 + LINE_HEIGHT / 4.0
        for i, line in enumerate(node.lines):
            yield f'<text x="{x:.1f}" y="{top + i * LINE_HEIGHT:.1f}">{escape(line)}</text>'
