"""The table that a training run ends in."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group
from rich.table import Table

from minitorch.history import Epoch


def report(history: Sequence[Epoch], facts: Mapping[str, str]) -> Group:
    """Lay out the epochs as a table, and below it facts about the run.

    Args:
        history: the finished epochs, in order.
        facts: what else to say: a name and a value for each line.

    >>> from rich.console import Console
    >>> row = Epoch(1, 0.5, 0.75, 0.25, 0.875, 3.5)
    >>> Console(width=70).print(report([row], {"backend": "fast"}))
      epoch   train loss   accuracy   test loss   accuracy   seconds
     ────────────────────────────────────────────────────────────────
          1       0.5000     75.0 %      0.2500     87.5 %       3.5
     ────────────────────────────────────────────────────────────────
      total                                                      3.5
    <BLANKLINE>
      backend  fast
    """
    return Group(_epochs(history), _facts(facts))


def _epochs(history: Sequence[Epoch]) -> Table:
    table = Table(box=box.SIMPLE, show_footer=True, header_style="bold")
    total = f"{sum(epoch.seconds for epoch in history):.1f}"
    names = ("epoch", "train loss", "accuracy", "test loss", "accuracy", "seconds")
    footers = ("total", "", "", "", "", total)
    for name, footer in zip(names, footers, strict=True):
        table.add_column(name, footer, justify="right")
    for epoch in history:
        table.add_row(*_cells(epoch))
    return table


def _cells(epoch: Epoch) -> tuple[str, ...]:
    return (
        str(epoch.epoch),
        f"{epoch.train_loss:.4f}",
        f"{epoch.train_accuracy:.1%}".replace("%", " %"),
        f"{epoch.test_loss:.4f}",
        f"{epoch.test_accuracy:.1%}".replace("%", " %"),
        f"{epoch.seconds:.1f}",
    )


def _facts(facts: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(f"  {name}", value)
    return table
