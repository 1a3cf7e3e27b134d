"""`minitorch compare`: one project on several backends, side by side."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import click
from rich import box
from rich.console import Console
from rich.table import Table

from minitorch.cli import options
from minitorch.cli.checks import backend_name
from minitorch.projects.fast import FastLearner
from minitorch.projects.mnist import MnistOptions, train_mnist
from minitorch.projects.points import PointsOptions, train_points
from minitorch.projects.tensor import TensorLearner
from minitorch.report import percent

EPILOG = """\b
Examples:
  minitorch compare tensor --backends simple,fast --epochs 5
  minitorch compare fast --epochs 50
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """How a backend did: the median of its epochs after the first, and its final accuracy."""

    backend: str
    first: float
    later: float
    accuracy: float


class Silence:
    """Watches a run without a word."""

    def start(self, epochs: int) -> None:
        """Say nothing."""

    def epoch(self, epoch: object) -> None:
        """Say nothing."""

    def stop(self) -> None:
        """Say nothing."""


def read_backends(ctx: click.Context, param: click.Parameter, value: str) -> list[str]:
    """Load the backends of a list of names with commas.

    Raises:
        click.BadParameter: one is missing or cannot be used here.
    """
    return [backend_name(ctx, param, name.strip()) for name in value.split(",")]


@click.command(epilog=EPILOG)
@click.argument("project", type=click.Choice(["tensor", "fast", "mnist"]))
@options.option("--backends", "simple,fast", "Which to compare.", callback=read_backends)
@options.option("--epochs", 5, "Epochs on each.", type=click.IntRange(min=2))
@options.seed("everything random")
def compare(project: str, backends: list[str], epochs: int, seed: int) -> None:
    """Run a project on several backends, and compare their times.

    An epoch's time is the median of all but the first, which compiles.
    """
    timings = [RUNS[project](name, epochs, seed) for name in backends]
    Console().print(_table(timings))


def _mnist(backend: str, epochs: int, seed: int) -> Timing:
    run = train_mnist(MnistOptions(epochs=epochs, seed=seed, backend=backend))
    seconds = [epoch.seconds for epoch in run.epochs]
    return Timing(backend, seconds[0], median(seconds[1:]), 1.0 - float(run.test.wrong.mean()))


def _tensor(backend: str, epochs: int, seed: int) -> Timing:
    return _points(TensorLearner, PointsOptions(backend=backend, epochs=epochs, seed=seed))


def _fast(backend: str, epochs: int, seed: int) -> Timing:
    told = PointsOptions(hidden=50, lr=0.01, batch_size=10)
    return _points(FastLearner, replace(told, backend=backend, epochs=epochs, seed=seed))


def _points(learner: Callable[[PointsOptions], TensorLearner], told: PointsOptions) -> Timing:
    run = train_points(learner(told), told, Silence())
    seconds = [epoch.seconds for epoch in run.epochs]
    accuracy = run.right() / len(run.data)
    return Timing(told.backend, seconds[0], median(seconds[1:]), accuracy)


RUNS = {"mnist": _mnist, "tensor": _tensor, "fast": _fast}


def _table(timings: list[Timing]) -> Table:
    table = Table(box=box.SIMPLE, header_style="bold")
    for name in ("backend", "first epoch", "an epoch", "ratio", "accuracy"):
        table.add_column(name, justify="left" if name == "backend" else "right")
    for timing in timings:
        ratio = timings[0].later / timing.later
        seconds = (f"{timing.first:.3g} s", f"{timing.later:.3g} s")
        table.add_row(timing.backend, *seconds, f"{ratio:.1f} x", percent(timing.accuracy))
    return table


COMMANDS = {"compare": compare}
