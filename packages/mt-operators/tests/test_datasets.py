import math
import random
import xml.etree.ElementTree as ET
from dataclasses import FrozenInstanceError

import pytest

from mt_operators import DATASETS, Dataset
from mt_operators.datasets import circle, diag, simple, spiral, split, xor

RULES = {
    simple: lambda x, y: x < 0.5,
    diag: lambda x, y: y < 0.5 - x,
    split: lambda x, y: abs(x - 0.5) > 0.3,
    xor: lambda x, y: (x < 0.5) != (y < 0.5),
    circle: lambda x, y: math.hypot(x - 0.5, y - 0.5) > math.sqrt(0.1),
}


@pytest.mark.parametrize("make", RULES)
def test_labels_follow_the_rule(make):
    data = make(500, seed=3)
    assert len(data) == 500
    assert list(data.labels) == [int(RULES[make](x, y)) for x, y in data.points]
    assert set(data.labels) == {0, 1}


@pytest.mark.parametrize("make", RULES)
def test_points_are_the_seed_s_and_lie_in_the_unit_square(make):
    rng = random.Random(7)  # noqa: S311  samples, not secrets
    expected = [(rng.random(), rng.random()) for _ in range(20)]
    assert list(make(20, seed=7).points) == expected
    assert make(20, seed=7) == make(20, 7) != make(20)
    assert make(20) == make(20, seed=0)


def test_the_spiral_is_the_course_s():
    """The points of the course's own code for 6, to twelve digits."""
    data = spiral(6)
    assert data.labels == (0, 0, 0, 1, 1, 1)
    t = [10.0 * i / 3 for i in (5, 6, 7)]
    arm = [(u * math.cos(u) / 20 + 0.5, u * math.sin(u) / 20 + 0.5) for u in t]
    other = [(u * math.sin(u) / 20 + 0.5, 0.5 - u * math.cos(u) / 20) for u in t]
    for point, expected in zip(data.points, arm + other, strict=True):
        assert point == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 51])
def test_a_spiral_of_any_number(n):
    data = spiral(n)
    assert len(data) == n
    assert data.labels.count(0) == n // 2


@pytest.mark.parametrize(("name", "make"), DATASETS.items())
def test_each_task_is_found_by_its_name(name, make):
    assert make(4).name == name
    assert len(make(0)) == 0
    with pytest.raises(ValueError, match=rf"{name}: -1 points; it must be a whole number"):
        make(-1)
    with pytest.raises(ValueError, match=rf"{name}: 2\.5 points; it must be a whole number"):
        make(2.5)


def test_the_tasks():
    assert list(DATASETS) == ["Simple", "Diag", "Split", "Xor", "Circle", "Spiral"]
    with pytest.raises(TypeError, match="does not support item assignment"):
        DATASETS["Other"] = simple


def test_a_dataset_is_refused_where_it_is_none():
    with pytest.raises(ValueError, match="Own: 1 points but 2 labels"):
        Dataset(((0.0, 0.0),), (0, 1), "Own")
    with pytest.raises(ValueError, match="Own: a label is 0 or 1, not 2"):
        Dataset(((0.0, 0.0),), (2,), "Own")


def test_a_dataset_cannot_be_changed():
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        simple(1).name = "Own"


def test_it_draws_itself():
    data = xor(30)
    assert data.text().count("o") + data.text().count("x") <= 30
    assert data.text(width=10).splitlines()[0] == "+----------+"
    assert "·" in data.text(model=lambda x, _: x - 0.5)
    root = ET.fromstring(data.svg(size=99))  # noqa: S314  made on the same line
    assert root.get("width") == "99"
    assert [e.text for e in root if e.tag.endswith("title")] == ["Xor"]
    assert data._repr_svg_() == data.svg()
