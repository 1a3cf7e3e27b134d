"""The table at the end, and the rows that it and the CSV file are made of."""

import csv
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from minitorch.history import Epoch, history_csv
from minitorch.report import report

ROWS = [Epoch(1, 0.90123, 0.7, 0.4, 0.9, 2.25), Epoch(2, 0.5, 0.81, 0.3, 0.9555, 1.25)]


def lines(history, facts, width=80):
    console = Console(width=width, file=StringIO())
    console.print(report(history, facts))
    return console.file.getvalue().splitlines()


def test_each_epoch_has_a_row_and_seconds_a_total():
    words = [line.split() for line in lines(ROWS, {})]
    assert ["1", "0.9012", "70.0", "%", "0.4000", "90.0", "%", "2.2"] in words
    assert ["2", "0.5000", "81.0", "%", "0.3000", "95.5", "%", "1.2"] in words
    assert ["total", "3.5"] in words


def test_facts_stand_below_and_long_ones_keep_every_character():
    path = "/a/very/long/path" * 8
    shown = lines(ROWS, {"backend": "fast", "picture": path})
    assert "backend  fast" in " ".join(shown)
    assert path in "".join(line.strip() for line in shown).replace("picture  ", "")
    assert max(map(len, shown)) <= 80


def test_a_run_without_a_finished_epoch_has_a_table_all_the_same():
    assert any(line.split() == ["total", "0.0"] for line in lines([], {}))


floats = st.floats(allow_nan=False)


@given(st.lists(st.builds(Epoch, st.integers(1), *[floats] * 5)))
def test_the_csv_file_gives_every_number_back_exactly(history):
    rows = list(csv.DictReader(StringIO(history_csv(history))))
    again = [Epoch(int(row.pop("epoch")), **{k: float(v) for k, v in row.items()}) for row in rows]
    assert again == history
