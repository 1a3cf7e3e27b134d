"""The curves of a run: where each point lies, and that it is well-formed."""

from math import inf, nan
from xml.etree import ElementTree as ET

import pytest

from mt_nn import Epoch, History, Score
from mt_nn.training.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, ticks

SVG = "{http://www.w3.org/2000/svg}"


def history(accuracy=0.5, test=True):
    losses = [2.0, 1.5, 1.0, 0.75]
    epochs = [
        Epoch(1, Score(1.75, accuracy, 20), Score(1.2, accuracy, 5) if test else None, 0.1),
        Epoch(2, Score(0.9, accuracy, 20), Score(0.8, accuracy, 5) if test else None, 0.1),
    ]
    return History(losses, epochs)


def drawn(run):
    # Our own text, and no entities in it.
    root = ET.fromstring(run.to_svg())  # noqa: S314
    lines = [p.get("d") for p in root.iter(f"{SVG}path") if p.get("fill") == "none"]
    points = [
        [tuple(map(float, pair.split())) for pair in d.removeprefix("M").split("L")] for d in lines
    ]
    return points, [t.text for t in root.iter(f"{SVG}text")]


def test_each_number_lies_where_the_axes_say():
    points, texts = drawn(history())
    assert [len(p) for p in points] == [4, 2, 2, 2, 2]
    assert texts.count("loss") == texts.count("accuracy") == 1
    steps, train, test, *accuracies = points
    # The loss goes from 0.5 to 2 on its axis, the steps from 0 to 4.
    down, across = (HEIGHT - TOP - BOTTOM) / 1.5, (WIDTH - LEFT - RIGHT) / 4
    expected = [
        (LEFT + i * across, HEIGHT - BOTTOM - (y - 0.5) * down)
        for i, y in enumerate([2.0, 1.5, 1.0, 0.75], 1)
    ]
    assert steps == [pytest.approx(place, abs=0.051) for place in expected]
    assert [x for x, _ in train] == [steps[1][0], steps[3][0]] == [x for x, _ in test]
    assert all(x > WIDTH for x, _ in accuracies[0])


def test_what_is_not_measured_is_not_drawn():
    points, texts = drawn(history(accuracy=None, test=False))
    assert [len(p) for p in points] == [4, 2]
    assert "accuracy" not in texts
    assert "test" not in texts


def test_numbers_that_are_not_finite_are_left_out():
    run = history()
    run.step_losses[1:3] = [nan, inf]
    assert len(drawn(run)[0][0]) == 2


def test_an_empty_run_is_an_empty_drawing():
    assert drawn(History()) == ([], [])


def test_one_step_is_a_point():
    points, _ = drawn(History([0.7]))
    assert [len(p) for p in points] == [1]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 4.0, [0.0, 1.0, 2.0, 3.0, 4.0]),
        (0.75, 2.0, [0.5, 1.0, 1.5, 2.0]),
        (-0.03, 0.04, [-0.04, -0.02, 0.0, 0.02, 0.04]),
        (0.0, 0.0, [0.0, 0.2]),
        (3.0, 3.0, [3.0, 4.0]),
        (0.0, 12345.0, [0.0, 5000.0, 10000.0, 15000.0]),
    ],
)
def test_axes_have_round_numbers(low, high, expected):
    assert ticks(low, high) == expected


def test_it_is_written_as_svg_alone(tmp_path):
    history().plot(tmp_path / "run.svg")
    assert (tmp_path / "run.svg").read_text(encoding="utf-8") == history().to_svg()
    with pytest.raises(ValueError, match=r"run.png' must end in '.svg', which is what it writes"):
        history().plot(tmp_path / "run.png")
