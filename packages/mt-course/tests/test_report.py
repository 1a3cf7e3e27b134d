"""The table at the end of a run."""

from io import StringIO

from rich.console import Console

from mt_course.report import report
from mt_nn import Epoch, Score

EPOCHS = [
    Epoch(1, Score(0.90123, 0.7, 8000), Score(0.4, 0.9, 2000), 2.25),
    Epoch(2, Score(0.5, 0.81, 8000), Score(0.3, 0.9555, 2000), 1.25),
]


def lines(epochs, facts, width=80):
    console = Console(width=width, file=StringIO())
    console.print(report(epochs, facts))
    return console.file.getvalue().splitlines()


def test_each_epoch_has_a_row_and_seconds_a_total():
    words = [line.split() for line in lines(EPOCHS, {})]
    assert ["1", "0.9012", "70.0", "%", "0.4000", "90.0", "%", "2.25"] in words
    assert ["2", "0.5000", "81.0", "%", "0.3000", "95.5", "%", "1.25"] in words
    assert ["total", "3.5"] in words


def test_an_epoch_that_was_cut_short_says_so_and_may_lack_a_test():
    part = Epoch(2, Score(0.5, None, 100), None, 0.25)
    words = [line.split() for line in lines([EPOCHS[0], part], {})]
    assert ["2", "(part)", "0.5000", "0.25"] in words
    assert not any("(part)" in line for line in lines(EPOCHS, {}))


def test_facts_stand_below_and_long_ones_keep_every_character():
    path = "/a/very/long/path" * 8
    shown = lines(EPOCHS, {"backend": "fast", "picture": path})
    assert "backend  fast" in " ".join(shown)
    assert path in "".join(line.strip() for line in shown).replace("picture  ", "")
    assert max(map(len, shown)) <= 80


def test_a_fact_is_text_and_no_markup():
    assert any("[red]x[/red]" in line for line in lines([], {"path": "[red]x[/red]"}))


def test_a_run_without_a_finished_epoch_has_a_table_all_the_same():
    assert any(line.split() == ["total", "0"] for line in lines([], {}))


def test_a_long_run_is_thinned_and_keeps_its_ends():
    many = [Epoch(i, Score(1.0, 0.5, 10), None, 0.5) for i in range(1, 501)]
    words = [line.split() for line in lines(many, {})]
    numbers = [int(w[0]) for w in words if w and w[0].isdigit()]
    assert len(numbers) == 20
    assert (numbers[0], numbers[-1]) == (1, 500)
    assert ["total", "250"] in words


def test_a_run_without_a_test_part_has_no_columns_for_it():
    untested = [Epoch(1, Score(0.5, 0.75, 10), None, 0.5)]
    assert not any("test" in line for line in lines(untested, {}))
