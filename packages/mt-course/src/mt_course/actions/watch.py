"""Showing a run of many short epochs: a bar that moves on a terminal, ten lines elsewhere."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mt_course.report import percent
from mt_nn import Epoch

LINES = 10


class Watch:
    """Shows loss, accuracy and the time left.

    Args:
        console: where.
    """

    def __init__(self, console: Console) -> None:
        """Choose between a bar and lines."""
        self.console = console
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.task = self.bar.add_task("starting", total=None)
        self.epochs = 0
        self.begun = 0.0

    def start(self, epochs: int) -> None:
        """Show an empty bar."""
        self.epochs = epochs
        self.begun = time.perf_counter()
        self.bar.update(self.task, total=epochs)
        self.bar.start()

    def epoch(self, epoch: Epoch) -> None:
        """Move the bar, or at ten of the epochs write a line."""
        accuracy = percent(epoch.train.accuracy)
        state = f"epoch {epoch.number}  loss {epoch.train.loss:.4f}  accuracy {accuracy}"
        self.bar.update(self.task, advance=1, description=state)
        if self.bar.disable and epoch.number * LINES // self.epochs != (
            (epoch.number - 1) * LINES // self.epochs
        ):
            spent = time.perf_counter() - self.begun
            left = spent / epoch.number * (self.epochs - epoch.number)
            self.console.print(f"{state}  {left:.0f} s left", highlight=False)

    def stop(self) -> None:
        """Leave the bar as it is."""
        self.bar.stop()
