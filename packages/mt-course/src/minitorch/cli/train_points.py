"""`minitorch train manual`, `scalar`, `tensor` and `fast`: networks on labelled points."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from minitorch.cli import options
from minitorch.cli.checks import finite, writable_folder
from minitorch.cli.watch import Watch
from minitorch.figures import save_figure
from minitorch.figures.boundary import boundary_figure
from minitorch.projects.fast import FastLearner
from minitorch.projects.manual import Line, ManualLearner
from minitorch.projects.points import Learner, PointsOptions, PointsRun, train_points
from minitorch.projects.scalar import ScalarLearner
from minitorch.projects.tensor import TensorLearner
from minitorch.report import percent, report
from minitorch.run_folder import write_config, write_history, write_weights
from mt_operators import DATASETS

INTERRUPTED = 130
SCALAR = PointsOptions()
TENSOR = PointsOptions(epochs=200)
FAST = PointsOptions(hidden=50, lr=0.01, batch_size=10, backend="fast")


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: the name of a project, its network, what both were told."""

    project: str
    learner: Learner
    told: PointsOptions
    more: Mapping[str, Any] = field(default_factory=dict)


def on_points(out: str) -> options.Decorator:
    """Add what every project on points can be told."""
    tasks = click.Choice(list(DATASETS), case_sensitive=False)
    return options.together(
        options.option("--dataset", SCALAR.dataset, "Which task.", type=tasks),
        options.option("--points", SCALAR.points, "How many points.", type=options.POSITIVE),
        options.seed("the points, the first weights and the order of the points"),
        options.out(out),
    )


def learning(default: PointsOptions) -> options.Decorator:
    """Add what a network that learns can be told."""
    return options.together(
        options.option("--hidden", default.hidden, "Width of both layers.", type=options.POSITIVE),
        options.rate(default.lr, "Learning rate."),
        options.epochs(default.epochs, "the points"),
        click.option(
            "--batch-size",
            type=options.POSITIVE,
            default=default.batch_size,
            help=f"Points in a step.  [default: {default.batch_size or 'all'}]",
        ),
    )


def computing(default: PointsOptions) -> options.Decorator:
    """Add what a network of tensors can be told."""
    dtypes = click.Choice(["float64", "float32"])
    return options.together(
        options.backend(default.backend, "What computes: simple, fast or cuda."),
        options.option("--dtype", default.dtype, "Type of the numbers.", type=dtypes),
    )


def examples(*commands: str) -> str:
    """Lay out examples for the end of `--help`."""
    return "\n".join(["\b", "Examples:", *(f"  minitorch train {command}" for command in commands)])


@click.command(epilog=examples("manual --dataset Simple --w1 -10 --bias 5"))
@options.option("--w1", 1.0, "Weight of the first coordinate.", type=float, callback=finite)
@options.option("--w2", 1.0, "Weight of the second coordinate.", type=float, callback=finite)
@options.option("--bias", -1.0, "What is added.", type=float, callback=finite)
@on_points("runs/manual")
def manual(w1: float, w2: float, bias: float, out: Path, **told: Any) -> int:
    """Draw a line with weights that you choose, and count the points that it gets right."""
    learner = ManualLearner(Line(w1, w2, bias))
    line = {"w1": w1, "w2": w2, "bias": bias}
    return run(Job("manual", learner, PointsOptions(epochs=1, **told), line), out)


@click.command(epilog=examples("scalar", "scalar --dataset Diag --points 30 --epochs 100"))
@on_points("runs/scalar")
@learning(SCALAR)
def scalar(out: Path, **told: Any) -> int:
    """Train a network of scalars: every number by itself, with its history."""
    chosen = PointsOptions(**told)
    return run(Job("scalar", ScalarLearner(chosen), chosen), out)


@click.command(epilog=examples("tensor", "tensor --dataset Circle --backend fast"))
@on_points("runs/tensor")
@learning(TENSOR)
@computing(TENSOR)
def tensor(out: Path, **told: Any) -> int:
    """Train a network of tensors: a whole batch at a time, by broadcasting."""
    chosen = PointsOptions(**told)
    return run(Job("tensor", TensorLearner(chosen), chosen), out)


@click.command(epilog=examples("fast", "fast --dataset Spiral --points 200 --dtype float32"))
@on_points("runs/fast")
@learning(FAST)
@computing(FAST)
def fast(out: Path, **told: Any) -> int:
    """Train a network of tensors by compiled matrix products, with Adam."""
    chosen = PointsOptions(**told)
    return run(Job("fast", FastLearner(chosen), chosen), out)


def run(job: Job, out: Path) -> int:
    """Train, keep what comes of it, and report it; return the exit code."""
    folder = writable_folder(out, "--out")
    console = Console()
    done = train_points(job.learner, job.told, Watch(console))
    right = done.right()
    heading = f"{job.project}: {right} of {len(done.data)} points right"
    _keep(folder, job, done, heading)
    facts = {
        "accuracy": f"{percent(right / len(done.data))}, {heading}",
        "time": f"{done.seconds:.1f} seconds in all",
        "picture": str(folder / "picture.png"),
        "also": f"history.csv, weights.safetensors and config.json in {folder}",
    }
    console.print(report(done.epochs, facts))
    return INTERRUPTED if done.interrupted else 0


def _keep(folder: Path, job: Job, done: PointsRun, heading: str) -> None:
    curves = done.epochs if len(done.epochs) > 1 else []
    predict = job.learner.probabilities
    figure = boundary_figure(curves, done.data, predict, heading, _details(job.told, done))
    save_figure(figure, folder / "picture.png")
    write_history(folder, done.epochs)
    write_weights(folder, job.learner.weights())
    write_config(folder, {"project": job.project, **asdict(job.told), **job.more})


def _details(told: PointsOptions, done: PointsRun) -> str:
    parts = (
        f"{len(done.epochs)} epoch{'s' if len(done.epochs) != 1 else ''}",
        f"seed {told.seed}",
        f"{done.seconds:.1f} seconds",
    )
    return " \N{MIDDLE DOT} ".join(parts)


COMMANDS = {"manual": manual, "scalar": scalar, "tensor": tensor, "fast": fast}
