"""`minitorch train mnist`: the options of the command, and what it leaves."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console

import mt_tensor
from minitorch.cli.checks import backend_name, finite, writable_folder
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
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    default=DEFAULT.epochs,
    show_default=True,
    help="Passes over the 8,000 training digits.",
)
@click.option(
    "--lr",
    type=click.FloatRange(min=0, min_open=True),
    callback=finite,
    default=DEFAULT.lr,
    show_default=True,
    help="Learning rate of the first step; it falls on a line to 0.",
)
@click.option(
    "--momentum",
    type=click.FloatRange(min=0, max=1, max_open=True),
    callback=finite,
    default=DEFAULT.momentum,
    show_default=True,
    help="How much of the velocity stays from step to step.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1, max=8000),
    default=DEFAULT.batch_size,
    show_default=True,
    help="Digits in a step.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=DEFAULT.seed,
    show_default=True,
    help="Decides the first weights, the order of the digits and dropout.",
)
@click.option(
    "--backend",
    metavar="NAME",
    callback=backend_name,
    default=DEFAULT.backend,
    show_default=True,
    help="What computes: fast, or cuda on a GPU; simple computes the same, but takes days.",
)
@click.option(
    "--max-steps",
    type=click.IntRange(min=1),
    default=None,
    help="End after so many steps, for a trial.  [default: no limit]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/mnist"),
    show_default=True,
    help="Folder for the picture, history, weights and configuration.",
)
def mnist(out: Path, **options: Any) -> int:
    """Train the course's LeNet to read handwritten digits.

    It learns from 8,000 digits of MNIST, which ship with the course, and is tested on 2,000 others.
    Ctrl-C stops it and keeps what it has.
    """
    folder = writable_folder(out, "--out")
    chosen = MnistOptions(**options)
    console = Console()
    console.print(_announcement(chosen), highlight=False)
    run = train_mnist(chosen, [progress(console)])
    _keep(folder, chosen, run)
    console.print(report(run.epochs, _facts(folder, chosen, run)))
    if run.failure is not None:
        raise click.ClickException(run.failure)
    return INTERRUPTED if run.interrupted else 0


def _announcement(options: MnistOptions) -> str:
    detail = mt_tensor.backends()[options.backend].detail
    first = "" if options.backend == "simple" else "; the first run compiles its kernels"
    return f"LeNet learns to read digits on backend {options.backend} ({detail}){first}."


def _keep(folder: Path, options: MnistOptions, run: MnistRun) -> None:
    figure = training_figure(run.epochs, run.test, _heading(run), _details(options, run))
    save_figure(figure, folder / "picture.png")
    write_history(folder, run.epochs)
    write_weights(folder, {name: t.detach().numpy() for name, t in run.model.state().items()})
    write_config(folder, {"project": "mnist", **asdict(options)})


def _facts(folder: Path, options: MnistOptions, run: MnistRun) -> dict[str, str]:
    detail = mt_tensor.backends()[options.backend].detail
    ended = "interrupted after " if run.interrupted else ""
    return {
        "accuracy": f"{_heading(run)}; {run.test.wrong.sum()} mistakes",
        "time": f"{ended}{run.seconds:.1f} seconds in all, compiling and testing included",
        "backend": f"{options.backend}: {detail}",
        "picture": str(folder / "picture.png"),
        "also": f"history.csv, weights.safetensors and config.json in {folder}",
    }


def _heading(run: MnistRun) -> str:
    share = 1.0 - float(run.test.wrong.mean())
    return f"LeNet reads {percent(share)} of {TEST_SIZE:,} unseen digits right"


def _details(options: MnistOptions, run: MnistRun) -> str:
    epochs = f"{len(run.epochs)} epoch{'s' if len(run.epochs) != 1 else ''}"
    parts = (
        f"{epochs} of SGD with momentum {options.momentum:g}",
        f"rate {options.lr:g} falling to 0",
        f"batch {options.batch_size}",
        f"seed {options.seed}",
        f"backend {options.backend}",
        f"{run.seconds:.0f} seconds",
    )
    return " \N{MIDDLE DOT} ".join(parts)
