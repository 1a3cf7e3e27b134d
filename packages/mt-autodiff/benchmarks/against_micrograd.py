r"""Time an epoch of the Xor network in mt-autodiff and in micrograd.

    python against_micrograd.py [--rounds 5] [--epochs 10]

It needs `micrograd` beside `mt-autodiff`. The network is 2-10-10-1 with relu, 50 points, the
hinge loss $\max(0, 1 - yz)$ and one step of gradient descent; all engines start from the same
weights and must arrive at the same loss.

- *micrograd*: `w * x` and `+`, as in `micrograd.nn`.
- *operators*: the same expressions, with `Scalar` in place of `Value`.
- *dot*: each neuron's products and sum as one node, `mt_autodiff.dot`.

Each engine runs in a process of its own, because garbage of one slows another down; the processes
take turns, so that a busy machine slows all of them alike. Times are of the processor. Python's
garbage collector runs as it does by default. `--no-gc` turns it off and collects between epochs,
off the clock: that leaves out what it costs micrograd to free a graph, whose nodes refer to each
other in cycles, while the graphs here are freed within the time.
"""

import argparse
import gc
import importlib
import json
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

ENGINES = ("micrograd", "operators", "dot")
SIZES = (2, 10, 10, 1)
POINTS = 50
RATE = 0.05
TOLERANCE = 1e-9

Neuron = tuple[list[Any], Any]
Forward = Callable[[Neuron, Sequence[Any]], Any]


def plain(neuron: Neuron, x: Sequence[Any]) -> Any:
    """Write a neuron out, as micrograd does."""
    weights, bias = neuron
    return sum((w * v for w, v in zip(weights, x, strict=True)), bias)


def fused(neuron: Neuron, x: Sequence[Any]) -> Any:
    """Take the products and their sum as one node."""
    weights, bias = neuron
    return importlib.import_module("mt_autodiff").dot(weights, x) + bias


class Run:
    """The network of one engine."""

    def __init__(self, engine: str) -> None:
        """Draw the weights and the points."""
        micrograd = engine == "micrograd"
        module = importlib.import_module("micrograd.engine" if micrograd else "mt_autodiff")
        self._number = module.Value if micrograd else module.Scalar
        self._slope = "grad" if micrograd else "derivative"
        self._neuron: Forward = fused if engine == "dot" else plain
        rng = random.Random(1)  # noqa: S311
        self._layers = [
            [self._new(inputs, rng) for _ in range(outputs)] for inputs, outputs in pairwise(SIZES)
        ]
        self._points = [(rng.random(), rng.random()) for _ in range(POINTS)]
        self._signs = [1.0 if (x < 0.5) != (y < 0.5) else -1.0 for x, y in self._points]  # noqa: PLR2004

    def _new(self, inputs: int, rng: random.Random) -> Neuron:
        return [self._number(rng.uniform(-1.0, 1.0)) for _ in range(inputs)], self._number(0.0)

    def loss(self) -> Any:
        """Go forward through all points."""
        total: Any = 0.0
        for point, sign in zip(self._points, self._signs, strict=True):
            x: Sequence[Any] = point
            for layer in self._layers[:-1]:
                x = [self._neuron(neuron, x).relu() for neuron in layer]
            total = total + (1.0 - self._neuron(self._layers[-1][0], x) * sign).relu()
        return total * (1.0 / POINTS)

    def epoch(self) -> float:
        """Go forward and back, and take a step."""
        parameters = [p for layer in self._layers for w, b in layer for p in (*w, b)]
        for p in parameters:
            setattr(p, self._slope, 0.0)
        loss = self.loss()
        loss.backward()
        for p in parameters:
            p.data -= RATE * getattr(p, self._slope)
        return float(loss.data)


def worker(engine: str, epochs: int, *, collect: bool) -> None:
    """Print the times of one process, in seconds."""
    sys.setrecursionlimit(100_000)  # micrograd walks the graph by recursion
    run, losses = Run(engine), []
    if not collect:
        gc.disable()
    whole = timed(lambda: losses.append(run.epoch()), epochs, collect=collect)
    forward = timed(run.loss, epochs, collect=collect)
    print(json.dumps({"epoch": whole, "forward": forward, "loss": losses[-1]}))


def timed(work: Callable[[], object], times: int, *, collect: bool) -> list[float]:
    """Return the seconds of processor time of each call."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
        if not collect:
            gc.collect()
    return found


def measure(engine: str, epochs: int, *, collect: bool) -> dict[str, Any]:
    """Run one process and read what it prints."""
    command = [sys.executable, __file__, "--worker", engine, "--epochs", str(epochs)]
    command += [] if collect else ["--no-gc"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def report(rounds: Sequence[dict[str, dict[str, Any]]]) -> str:
    """Tabulate medians over everything, and the ratio to micrograd within each round."""
    rows = [f"{'engine':<12}{'epoch':>10}{'ratio':>8}{'forward':>11}{'ratio':>8}"]
    for engine in ENGINES:
        cells = f"{engine:<12}"
        for part, width in (("epoch", 7), ("forward", 8)):
            times = [statistics.median(r[engine][part]) for r in rounds]
            base = [statistics.median(r["micrograd"][part]) for r in rounds]
            ratio = statistics.median(b / t for b, t in zip(base, times, strict=True))
            cells += f"{1e3 * statistics.median(times):>{width}.1f} ms{ratio:>7.1f}x"
        rows.append(cells)
    return "\n".join(rows)


def main() -> None:
    """Take turns and print the table."""
    parser = argparse.ArgumentParser(description="mt-autodiff against micrograd")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--no-gc", action="store_true")
    parser.add_argument("--worker", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options.worker, options.epochs, collect=not options.no_gc)
        return
    rounds = []
    for _ in range(options.rounds):
        found = {e: measure(e, options.epochs, collect=not options.no_gc) for e in ENGINES}
        losses = [found[e]["loss"] for e in ENGINES]
        if max(losses) - min(losses) > TOLERANCE:
            message = f"the engines disagree: {dict(zip(ENGINES, losses, strict=True))}"
            raise SystemExit(message)
        rounds.append(found)
    collector = "off" if options.no_gc else "on"
    print(
        f"Python {platform.python_version()}, garbage collector {collector}, {len(rounds)} rounds"
    )
    print(report(rounds))


if __name__ == "__main__":
    main()
