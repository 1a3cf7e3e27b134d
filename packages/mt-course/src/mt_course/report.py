"""The table that a training run ends in."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from mt_nn import Epoch, Score

ROWS = 20
"""At most so many epochs are shown."""


def report(epochs: Sequence[Epoch], facts: Mapping[str, str], held: str = "test") -> Group:
    """Lay out the epochs as a table, and below it facts about the run.

    Args:
        epochs: in order. One that saw fewer samples than the first is marked: it was cut short.
        facts: what else to say: a name and a value for each line.
        held: the name of the samples that are scored after each epoch.

    >>> from rich.console import Console
    >>> row = Epoch(1, Score(0.5, 0.75, 8000), Score(0.25, 0.875, 2000), 3.5)
    >>> Console(width=70).print(report([row], {"backend": "fast"}))
      epoch   train loss   accuracy   test loss   accuracy   seconds
     ────────────────────────────────────────────────────────────────
          1       0.5000     75.0 %      0.2500     87.5 %       3.5
     ────────────────────────────────────────────────────────────────
      total                                                      3.5
    <BLANKLINE>
      backend  fast
    """
    return Group(_table(epochs, held), _facts(facts))


def percent(share: float | None) -> str:
    """Show a share between 0 and 1.

    >>> percent(0.9715)
    '97.2 %'
    """
    return "" if share is None else f"{100 * share:.1f} %"


def _table(epochs: Sequence[Epoch], held: str) -> Table:
    table = Table(box=box.SIMPLE, show_footer=True, header_style="bold")
    tested = any(epoch.test is not None for epoch in epochs)
    scores = ("train loss", "accuracy", *((f"{held} loss", "accuracy") if tested else ()))
    names = ("epoch", *scores, "seconds")
    total = f"{sum(epoch.seconds for epoch in epochs):.3g}"
    footers = ("total", *[""] * (len(names) - 2), total)
    for name, footer in zip(names, footers, strict=True):
        table.add_column(name, footer, justify="right")
    for epoch in _thinned(epochs):
        part = " (part)" if epoch.train.samples < epochs[0].train.samples else ""
        test = _cells(epoch.test) if tested else ()
        row = (f"{epoch.number}{part}", *_cells(epoch.train), *test)
        table.add_row(*row, f"{epoch.seconds:.3g}")
    return table


def _thinned(epochs: Sequence[Epoch]) -> Sequence[Epoch]:
    """Choose rows from first to last, evenly, so that the table stays short."""
    if len(epochs) <= ROWS:
        return epochs
    return [epochs[round(i * (len(epochs) - 1) / (ROWS - 1))] for i in range(ROWS)]


def _cells(score: Score | None) -> tuple[str, str]:
    return ("", "") if score is None else (f"{score.loss:.4f}", percent(score.accuracy))


def _facts(facts: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(f"  {name}", Text(value))
    return table
