"""What `minitorch compare` does: one project on several backends, or all projects, in a table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mt_course.actions.checks import usable_backend
from mt_course.actions.learners import make_learner
from mt_course.projects.mnist import train_mnist
from mt_course.projects.options import FAST, TENSOR, MnistOptions, PointsOptions
from mt_course.projects.points import train_points
from mt_course.report import percent
from mt_nn import Epoch

TORCH = "torch"
LARGE = 10.0
"""A ratio above it needs no decimals."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How a run did.

    Attributes:
        name: of the run.
        first: seconds of the first epoch, which compiles.
        later: seconds of the fastest other epoch.
        accuracy: in the end, a share.
    """

    name: str
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


def compare(project: str, backends: Sequence[str], epochs: int, seed: int) -> None:
    """Run, and print a row for each run."""
    names = [name.strip() for name in backends]
    if project == "all":
        timings = list(_projects(epochs, seed))
    else:
        for name in names:
            _check(project, name)
        timings = [RUNS[project](name, epochs, seed) for name in names]
    Console().print(_table("project" if project == "all" else "backend", timings))


def _check(project: str, backend: str) -> None:
    if (project, backend) != ("fast", TORCH):
        usable_backend(backend, "--backends")


def _projects(epochs: int, seed: int) -> Iterator[Timing]:
    """Yield the projects on points with the same network, all points in a step; then mnist."""
    same = PointsOptions(epochs=epochs, seed=seed)
    yield _points("scalar", "scalar", same)
    yield _points("tensor --backend simple", "tensor", same)
    yield _points("tensor --backend fast", "tensor", replace(same, backend="fast"))
    yield _points("fast", "fast", replace(same, backend="fast"))
    if find_spec(TORCH):
        yield _points(TORCH, TORCH, replace(same, backend=TORCH))
    yield replace(_mnist("fast", epochs, seed), name="mnist")


def _mnist(backend: str, epochs: int, seed: int) -> Timing:
    run = train_mnist(MnistOptions(epochs=epochs, seed=seed, backend=backend))
    return _timing(backend, run.epochs, 1.0 - float(run.test.wrong.mean()))


def _tensor(backend: str, epochs: int, seed: int) -> Timing:
    return _points(backend, "tensor", replace(TENSOR, backend=backend, epochs=epochs, seed=seed))


def _fast(backend: str, epochs: int, seed: int) -> Timing:
    project = TORCH if backend == TORCH else "fast"
    return _points(backend, project, replace(FAST, backend=backend, epochs=epochs, seed=seed))


def _points(name: str, project: str, told: PointsOptions) -> Timing:
    run = train_points(make_learner(project, told, {}), told, Silence())
    return _timing(name, run.epochs, run.right() / len(run.data))


def _timing(name: str, epochs: Sequence[Epoch], accuracy: float) -> Timing:
    first, *later = (epoch.seconds for epoch in epochs)
    return Timing(name, first, min(later, default=first), accuracy)


RUNS: dict[str, Callable[[str, int, int], Timing]] = {
    "mnist": _mnist,
    "tensor": _tensor,
    "fast": _fast,
}


def _table(first: str, timings: Sequence[Timing]) -> Table:
    table = Table(box=box.SIMPLE, header_style="bold")
    for name in (first, "first epoch", "an epoch", "ratio", "accuracy"):
        table.add_column(name, justify="left" if name == first else "right")
    for timing in timings:
        seconds = _duration(timing.first), _duration(timing.later)
        ratio = _ratio(timings[0].later / timing.later)
        table.add_row(Text(timing.name), *seconds, ratio, percent(timing.accuracy))
    return table


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1.0 else f"{1000 * seconds:.3g} ms"


def _ratio(ratio: float) -> str:
    return f"{ratio:,.0f} x" if ratio >= LARGE else f"{ratio:.2f} x"
