"""Showing a run: a bar that moves on a terminal, plain lines anywhere else."""

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from mt_nn.training.callback import Callback
from mt_nn.training.history import Epoch

if TYPE_CHECKING:
    from mt_nn.training.trainer import Trainer

QUIET_SECONDS = 10.0
"""How long plain output stays silent within an epoch."""


def progress(console: Console | None = None) -> Callback:
    """Return the display that suits a console: a bar on a terminal, else lines of text."""
    console = console or Console()
    return ProgressBar(console) if console.is_terminal else ProgressLines(console)


class ProgressLines(Callback):
    """One line for each epoch, and in a long epoch one now and then.

    Args:
        console: where the lines go; standard output if None.
    """

    def __init__(self, console: Console | None = None) -> None:
        """Keep the console."""
        self._console = console or Console()
        self._start = self._spoke = 0.0
        self._first = 1

    def on_fit_start(self, trainer: "Trainer") -> None:
        """Start the clock."""
        self._spoke = time.perf_counter()
        self._first = trainer.step + 1

    def on_step_end(self, trainer: "Trainer") -> None:
        """Write a line if the last one is long ago."""
        now = time.perf_counter()
        if trainer.step == self._first:  # It compiles, and says nothing of the others.
            self._start = now
        elif now - self._spoke >= QUIET_SECONDS:
            each = (now - self._start) / (trainer.step - self._first)
            left = each * (trainer.steps - trainer.step)
            self._say(f"{_state(trainer)}  {left:.0f} s left")

    def on_epoch_end(self, trainer: "Trainer", epoch: Epoch) -> None:  # noqa: ARG002
        """Write how the epoch went."""
        self._say(str(epoch))

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)
        self._spoke = time.perf_counter()


class ProgressBar(Callback):
    """A bar over all steps, with loss, accuracy, samples per second and the time left.

    Args:
        console: the terminal; standard output if None.
    """

    def __init__(self, console: Console | None = None) -> None:
        """Lay out the columns."""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task: TaskID | None = None
        self._epoch_start = 0.0

    def on_fit_start(self, trainer: "Trainer") -> None:
        """Show an empty bar."""
        done = trainer.step
        self._task = self._bar.add_task("starting", total=trainer.steps, completed=done)
        self._bar.start()

    def on_epoch_start(self, trainer: "Trainer") -> None:  # noqa: ARG002
        """Start the clock of the epoch."""
        self._epoch_start = time.perf_counter()

    def on_step_end(self, trainer: "Trainer") -> None:
        """Move the bar."""
        seconds = max(time.perf_counter() - self._epoch_start, 1e-9)
        speed = f"{trainer.running.samples / seconds:,.0f} samples/s"
        if self._task is not None:
            self._bar.update(self._task, advance=1, description=f"{_state(trainer)}  {speed}")

    def on_epoch_end(self, trainer: "Trainer", epoch: Epoch) -> None:  # noqa: ARG002
        """Leave a line above the bar."""
        self._bar.console.print(str(epoch), highlight=False)

    def on_fit_end(self, trainer: "Trainer") -> None:  # noqa: ARG002
        """Leave the bar as it is."""
        self._bar.stop()
        self._task = None


def _state(trainer: "Trainer") -> str:
    score = trainer.running.score
    accuracy = "" if score.accuracy is None else f"  accuracy {score.accuracy:.1%}"
    return f"epoch {trainer.epoch}/{trainer.epochs}  loss {score.loss:.4f}{accuracy}"
