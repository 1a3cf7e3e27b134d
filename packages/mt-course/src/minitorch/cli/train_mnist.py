"""`minitorch train mnist`: the options of the command, and what it leaves."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console

import mt_tensor
from minitorch.cli import options
from minitorch.cli.checks import finite, writable_folder
from minitorch.figures import save_figure, training_figure
from minitorch.projects.mnist import TEST_SIZE, MnistOptions, MnistRun, train_mnist
from minitorch.report import percent, report
from minitorch.run_folder import write_config, write_history, write_weights
from mt_nn import progress

FAILED, INTERRUPTED = 1, 130
DEFAULT = MnistOptions()

EPILOG = """\b
Examples:
  minitorch train mnist
  minitorch train mnist --epochs 3 --lr 0.05 --seed 1
  minitorch train mnist --max-steps 5 --out /tmp/trial
"""


@click.command(epilog=EPILOG)
@options.epochs(DEFAULT.epochs, "the 8,000 training digits")
@options.rate(DEFAULT.lr, "Learning rate of the first step; it falls on a line to 0.")
@options.option(
    "--momentum",
    DEFAULT.momentum,
    "How much of the velocity stays from step to step.",
    type=click.FloatRange(min=0, max=1, max_open=True),
    callback=finite,
)
@options.option(
    "--batch-size", DEFAULT.batch_size, "Digits in a step.", type=click.IntRange(min=1, max=8000)
)
@options.seed("the first weights, the order of the digits and dropout")
@options.backend(
    DEFAULT.backend,
    "What computes: fast, or cuda on a GPU; simple computes the same, but takes days.",
)
@click.option(
    "--max-steps",
    type=options.POSITIVE,
    default=None,
    help="End after so many steps, for a trial.  [default: no limit]",
)
@options.out("runs/mnist")
def mnist(out: Path, **chosen: Any) -> int:
    """Train the course's LeNet to read handwritten digits.

    It learns from 8,000 digits of MNIST, which ship with the course, and is tested on 2,000 others.
    Ctrl-C stops it and keeps what it has.
    """
    folder = writable_folder(out, "--out")
    told = MnistOptions(**chosen)
    console = Console()
    console.print(_announcement(told), highlight=False)
    run = train_mnist(told, [progress(console)])
    _keep(folder, told, run)
    console.print(report(run.epochs, _facts(folder, told, run)))
    if run.failure is not None:
        raise click.ClickException(run.failure)
    return INTERRUPTED if run.interrupted else 0


def _announcement(told: MnistOptions) -> str:
    detail = mt_tensor.backends()[told.backend].detail
    first = "" if told.backend == "simple" else "; the first run compiles its kernels"
    return f"LeNet learns to read digits on backend {told.backend} ({detail}){first}."


def _keep(folder: Path, told: MnistOptions, run: MnistRun) -> None:
    figure = training_figure(run.epochs, run.test, _heading(run), _details(told, run))
    save_figure(figure, folder / "picture.png")
    write_history(folder, run.epochs)
    write_weights(folder, {name: t.detach().numpy() for name, t in run.model.state().items()})
    write_config(folder, {"project": "mnist", **asdict(told)})


def _facts(folder: Path, told: MnistOptions, run: MnistRun) -> dict[str, str]:
    detail = mt_tensor.backends()[told.backend].detail
    ended = "interrupted after " if run.interrupted else ""
    return {
        "accuracy": f"{_heading(run)}; {run.test.wrong.sum()} mistakes",
        "time": f"{ended}{run.seconds:.1f} seconds in all, compiling and testing included",
        "backend": f"{told.backend}: {detail}",
        "picture": str(folder / "picture.png"),
        "also": f"history.csv, weights.safetensors and config.json in {folder}",
    }


def _heading(run: MnistRun) -> str:
    share = 1.0 - float(run.test.wrong.mean())
    return f"LeNet reads {percent(share)} of {TEST_SIZE:,} unseen digits right"


def _details(told: MnistOptions, run: MnistRun) -> str:
    epochs = f"{len(run.epochs)} epoch{'s' if len(run.epochs) != 1 else ''}"
    parts = (
        f"{epochs} of SGD with momentum {told.momentum:g}",
        f"rate {told.lr:g} falling to 0",
        f"batch {told.batch_size}",
        f"seed {told.seed}",
        f"backend {told.backend}",
        f"{run.seconds:.0f} seconds",
    )
    return " \N{MIDDLE DOT} ".join(parts)


COMMANDS = {"mnist": mnist}
