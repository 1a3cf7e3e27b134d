r"""Placing a graph in layers, so that every edge goes from left to right.

The steps are those of Sugiyama, Tagawa and Toda (1981):

1. *Rank*: a node's layer is one more than the last layer of its predecessors; a node without
   predecessors moves next to the first of its successors.
2. *Bend*: an edge over several layers gets a bend in each layer between, placed as a node is.
3. *Order*: nodes of a layer are sorted by the mean place of their neighbours in the layer before,
   then in the layer after, several times; lines that cross untangle.
4. *Settle*: each node moves towards the mean height of its neighbours as far as its order and its
   size allow. That is a least-squares problem under an order, which pooling solves exactly.

Nodes are numbered, and every edge goes from a lower number to a higher one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[int, int]
Size = tuple[float, float]
Place = tuple[float, float]
Interval = tuple[float, float]

SWEEPS = 8
LAYER_GAP = 36.0
NODE_GAP = 14.0
BEND: Size = (0.0, 2.0)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes.

    Attributes:
        places: the centre of each node.
        routes: for each edge, the points from the right end of the first layer to the left end
            of the last, two for each gap between layers: it is level across a layer.
        size: of the whole, whose upper left corner is (0, 0).
    """

    places: tuple[Place, ...]
    routes: tuple[tuple[Place, ...], ...]
    size: Size


def layered(sizes: Sequence[Size], edges: Sequence[Edge]) -> Layout:
    """Place a graph.

    Args:
        sizes: width and height of each node, in pixels.
        edges: pairs of nodes; the first number of each is the lower one.
    """
    all_sizes = list(sizes)
    ranks = _ranks(len(sizes), edges)
    paths = [_path(edge, ranks, all_sizes) for edge in edges]
    links = [link for path in paths for link in pairwise(path)]
    layers = _ordered(ranks, _neighbours(len(ranks), links))
    heights = _settled(layers, all_sizes, _neighbours(len(ranks), links))
    columns = _columns(layers, all_sizes)
    places = [(sum(columns[r]) / 2.0, y) for r, y in zip(ranks, heights, strict=True)]
    bottom = max((y + h / 2.0 for y, (_, h) in zip(heights, all_sizes, strict=True)), default=0.0)
    return Layout(
        places=tuple(places[: len(sizes)]),
        routes=tuple(tuple(_route(path, columns, ranks, heights)) for path in paths),
        size=(columns[-1][1] if columns else 0.0, bottom),
    )


@dataclass(frozen=True, slots=True)
class _Neighbours:
    before: list[list[int]]
    after: list[list[int]]


def _neighbours(count: int, links: Sequence[Edge]) -> _Neighbours:
    found = _Neighbours([[] for _ in range(count)], [[] for _ in range(count)])
    for a, b in links:
        found.after[a].append(b)
        found.before[b].append(a)
    return found


def _ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    near = _neighbours(count, edges)
    ranks = [0] * count
    for i in range(count):
        ranks[i] = max((ranks[j] + 1 for j in near.before[i]), default=0)
    for i in range(count):
        if not near.before[i] and near.after[i]:
            ranks[i] = min(ranks[j] for j in near.after[i]) - 1
    return ranks


def _path(edge: Edge, ranks: list[int], sizes: list[Size]) -> list[int]:
    """Number the bends of an edge, and return the way along them."""
    start, end = edge
    bends = range(len(ranks), len(ranks) + ranks[end] - ranks[start] - 1)
    ranks.extend(range(ranks[start] + 1, ranks[end]))
    sizes.extend([BEND] * len(bends))
    return [start, *bends, end]


def _ordered(ranks: list[int], near: _Neighbours) -> list[list[int]]:
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for i, rank in enumerate(ranks):
        layers[rank].append(i)
    place = [0.0] * len(ranks)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours = near.before if forward else near.after
        for layer in layers if forward else layers[::-1]:
            layer.sort(key=lambda i: _mean([place[j] for j in neighbours[i]], place[i]))
            for order, i in enumerate(layer):
                place[i] = order - len(layer) / 2.0
    return layers


def _settled(layers: list[list[int]], sizes: list[Size], near: _Neighbours) -> list[float]:
    heights = [0.0] * len(sizes)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours = near.before if forward else near.after
        for layer in layers if forward else layers[::-1]:
            wanted = [_mean([heights[j] for j in neighbours[i]], heights[i]) for i in layer]
            for i, y in zip(layer, _spread(wanted, [sizes[i][1] for i in layer]), strict=True):
                heights[i] = y
    top = min((heights[i] - sizes[i][1] / 2.0 for i in range(len(sizes))), default=0.0)
    return [y - top for y in heights]


def _spread(wanted: list[float], tall: list[float]) -> list[float]:
    """Return the places nearest to the wanted ones, by least squares, that do not overlap."""
    offsets = [0.0]
    for above, below in pairwise(tall):
        offsets.append(offsets[-1] + (above + below) / 2.0 + NODE_GAP)
    free = _increasing([y - offset for y, offset in zip(wanted, offsets, strict=True)])
    return [y + offset for y, offset in zip(free, offsets, strict=True)]


def _increasing(values: list[float]) -> list[float]:
    """Return the nearest sequence that never falls: neighbours that would fall share a mean."""
    pools: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while pools and pools[-1][0] * count > total * pools[-1][1]:
            more, others = pools.pop()
            total, count = total + more, count + others
        pools.append((total, count))
    return [total / count for total, count in pools for _ in range(count)]


def _columns(layers: list[list[int]], sizes: list[Size]) -> list[Interval]:
    """Return the left and right end of each layer, which is as wide as its widest node."""
    columns, left = [], 0.0
    for layer in layers:
        right = left + max(sizes[i][0] for i in layer)
        columns.append((left, right))
        left = right + LAYER_GAP
    return columns


def _route(
    path: list[int], columns: list[Interval], ranks: list[int], heights: list[float]
) -> Iterator[Place]:
    for a, b in pairwise(path):
        yield columns[ranks[a]][1], heights[a]
        yield columns[ranks[b]][0], heights[b]


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
