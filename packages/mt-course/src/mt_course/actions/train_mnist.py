"""What `minitorch train mnist` does, and what it leaves."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

import mt_tensor
from mt_course.actions.checks import CommandError, usable_backend, writable_folder
from mt_course.figures import save_figure, training_figure
from mt_course.projects.mnist import MnistRun, train_mnist
from mt_course.projects.options import MnistOptions
from mt_course.report import percent, report
from mt_course.run_folder import write_config, write_history, write_weights
from mt_nn import progress

INTERRUPTED = 130


def train(out: Path, **chosen: Any) -> int:
    """Train LeNet, keep what comes of it, and report it; return the exit code.

    Raises:
        CommandError: the loss is no number any more. What there is, is kept.
    """
    usable_backend(chosen["backend"])
    folder = writable_folder(out)
    told = MnistOptions(**chosen)
    console = Console()
    console.print(_announcement(told), highlight=False)
    run = train_mnist(told, [progress(console)])
    _keep(folder, told, run)
    console.print(report(run.epochs, _facts(folder, told, run)))
    if run.failure is not None:
        raise CommandError(run.failure)
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
        "digits": f"{run.source.name}, {run.source.origin}" if run.source else "unknown",
        "picture": str(folder / "picture.png"),
        "also": f"history.csv, weights.safetensors and config.json in {folder}",
    }


def _heading(run: MnistRun) -> str:
    share = 1.0 - float(run.test.wrong.mean())
    return f"LeNet reads {percent(share)} of {len(run.test):,} unseen digits right"


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
