r"""Time a forward and a backward through graphs of $10^2$ to $10^5$ nodes, and plot it.

    python cost_per_node.py [--out cost_per_node.svg]

Each node is a product or a sum of the last node and one of the ten before it, so the graph is deep
and shared. The time per node should not depend on how many there are. It is measured twice: with
Python's garbage collector, which goes through everything alive again and again while a graph
grows, and without it.
"""

import argparse
import gc
import math
import platform
import random
import time
from collections.abc import Sequence
from pathlib import Path

from mt_autodiff import Scalar

COUNTS = (100, 1_000, 10_000, 100_000)
NEAR = 10
WORK = 400_000
"""How many nodes to go through in all, for each count."""

WIDTH, HEIGHT, MARGIN = 420, 240, 44
COLOURS = {"forward": "#4477aa", "backward": "#ee6677"}
DASHES = {"on": "4 3", "off": "none"}

KEYS = tuple((part, collector) for collector in DASHES for part in COLOURS)
FONT = 'font-family="sans-serif" font-size="11" role="img"'

Times = dict[tuple[str, str], float]


def choices(count: int) -> list[int]:
    """Choose for each node which one of those before it it takes, counted from the last."""
    rng = random.Random(count)  # noqa: S311
    return [-1 - rng.randrange(min(NEAR, i + 1)) for i in range(count)]


def build(back: Sequence[int]) -> Scalar:
    """Compute one value by as many operators as there are choices."""
    values = [Scalar(0.5)]
    for i, near in enumerate(back):
        values.append(values[-1] * 0.5 if i % 2 else values[-1] + values[near])
    return values[-1]


def measure(count: int) -> Times:
    """Return microseconds per node, the least of several runs."""
    best: Times = {}
    back = choices(count)
    for collector in DASHES:
        (gc.enable if collector == "on" else gc.disable)()
        for _ in range(max(3, WORK // count)):
            start = time.process_time()
            result = build(back)
            middle = time.process_time()
            result.backward()
            end = time.process_time()
            for part, spent in (("forward", middle - start), ("backward", end - middle)):
                key = part, collector
                best[key] = min(best.get(key, math.inf), 1e6 * spent / count)
    gc.enable()
    return best


def plot(rows: Sequence[Times]) -> str:
    """Draw the lines over the number of nodes, on a logarithmic axis; dashed: with collector."""
    base, left, right = HEIGHT - MARGIN, MARGIN, WIDTH - 2 * MARGIN
    scale = (base - MARGIN / 2) / (1.1 * max(max(row.values()) for row in rows))
    xs = [left + i * (right - left) / (len(rows) - 1) for i in range(len(rows))]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        "<title>microseconds per node by the number of nodes</title>",
        f'<path d="M{left} {MARGIN / 2}V{base}H{right}" fill="none" stroke="#555555"/>',
        '<text x="4" y="14">microseconds per node (dashed: garbage collector on)</text>',
    ]
    for x, count in zip(xs, COUNTS, strict=True):
        parts.append(f'<text x="{x:.0f}" y="{base + 16}" text-anchor="middle">{count:,}</text>')
    for tick in range(int((base - MARGIN / 2) / scale) + 1):
        y = base - tick * scale
        parts.append(f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{tick}</text>')
    for part, collector in KEYS:
        ys = [base - row[part, collector] * scale for row in rows]
        line = "L".join(f"{x:.0f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
        style = f'stroke="{COLOURS[part]}" stroke-dasharray="{DASHES[collector]}"'
        parts.append(f'<path d="M{line}" fill="none" stroke-width="2" {style}/>')
        if collector == "off":
            end = f'x="{right + 6}" y="{ys[-1] + 4:.0f}" fill="{COLOURS[part]}"'
            parts.append(f"<text {end}>{part}</text>")
    return "\n".join([*parts, "</svg>"])


def main() -> None:
    """Print the table and write the plot."""
    parser = argparse.ArgumentParser(description="the cost of a node, by the size of the graph")
    parser.add_argument("--out", type=Path, default=Path("cost_per_node.svg"))
    options = parser.parse_args()
    print(f"Python {platform.python_version()}")
    print(f"{'us per node':>12}" + "".join(f"{p + ', gc ' + c:>18}" for p, c in KEYS))
    rows = []
    for count in COUNTS:
        rows.append(measure(count))
        print(f"{count:>12,}" + "".join(f"{rows[-1][key]:>18.2f}" for key in KEYS), flush=True)
    options.out.write_text(plot(rows), encoding="utf-8")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
