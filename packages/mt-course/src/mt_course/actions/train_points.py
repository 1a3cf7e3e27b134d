"""What `minitorch train` does on labelled points, and what it leaves."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from mt_course.actions.checks import usable_backend, writable_folder
from mt_course.actions.learners import make_learner
from mt_course.actions.watch import Watch
from mt_course.figures import save_figure
from mt_course.figures.boundary import boundary_figure
from mt_course.projects.options import PointsOptions
from mt_course.projects.points import Learner, PointsRun, train_points
from mt_course.report import percent, report
from mt_course.run_folder import write_config, write_history, write_weights

INTERRUPTED = 130
SEPARATOR = " \N{MIDDLE DOT} "
LINE = ("w1", "w2", "bias")
OUTSIDE = ("torch",)
"""What computes without being a backend."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: the name of a project, its network, what both were told."""

    project: str
    learner: Learner
    told: PointsOptions
    line: Mapping[str, float]


def train(project: str, out: Path, **told: Any) -> int:
    """Train, keep what comes of it, and report it; return the exit code."""
    line = {name: told.pop(name) for name in LINE if name in told}
    chosen = PointsOptions(**told)
    if chosen.backend not in OUTSIDE:
        usable_backend(chosen.backend)
    job = Job(project, make_learner(project, chosen, line), chosen, line)
    return _run(job, writable_folder(out))


def _run(job: Job, folder: Path) -> int:
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
    figure = boundary_figure(curves, done.data, predict, heading, _details(job, done))
    save_figure(figure, folder / "picture.png")
    write_history(folder, done.epochs)
    write_weights(folder, job.learner.weights())
    write_config(folder, {"project": job.project, **asdict(job.told), **job.line})


def _details(job: Job, done: PointsRun) -> str:
    told, seconds = job.told, f"{done.seconds:.1f} seconds"
    if job.line:
        parts = [f"{name} {value:g}" for name, value in job.line.items()]
        return SEPARATOR.join((*parts, f"seed {told.seed}", seconds))
    epochs = f"{len(done.epochs)} epoch{'s' if len(done.epochs) != 1 else ''}"
    batch = f"batch {told.batch_size or 'all'}"
    parts = [epochs, f"hidden {told.hidden}", f"rate {told.lr:g}", batch, f"seed {told.seed}"]
    return SEPARATOR.join((*parts, f"backend {told.backend}", seconds))
