"""The course's datasets."""

import random

import pytest

import minitorch

RULES = {
    "Simple": lambda x, _: x < 0.5,
    "Diag": lambda x, y: x + y < 0.5,
    "Split": lambda x, _: x < 0.2 or x > 0.8,
    "Xor": lambda x, y: (x < 0.5) != (y < 0.5),
    "Circle": lambda x, y: (x - 0.5) ** 2 + (y - 0.5) ** 2 > 0.1,
}


def test_there_are_six():
    assert list(minitorch.datasets) == ["Simple", "Diag", "Split", "Xor", "Circle", "Spiral"]


@pytest.mark.parametrize("name", minitorch.datasets)
def test_a_graph_has_points_and_labels(name):
    graph = minitorch.datasets[name](50)
    assert (graph.N, len(graph.X), len(graph.y)) == (50, 50, 50)
    assert all(len(point) == 2 for point in graph.X)
    assert set(graph.y) == {0, 1}


@pytest.mark.parametrize("name", RULES)
def test_a_label_follows_its_rule(name):
    graph = minitorch.datasets[name](300)
    assert graph.y == [int(RULES[name](x, y)) for x, y in graph.X]
    assert all(0 <= v <= 1 for point in graph.X for v in point)


def test_points_change_from_call_to_call_unless_seeded():
    random.seed(7)
    first, second = minitorch.datasets["Xor"](5), minitorch.datasets["Xor"](5)
    random.seed(7)
    assert first.X != second.X
    assert minitorch.datasets["Xor"](5) == first
    assert len(minitorch.make_pts(3)) == 3


def test_a_training_script_may_ask_a_dataset_for_itself():
    assert minitorch.datasets["Simple"].simple(5).N == 5
    assert minitorch.simple is minitorch.datasets["Simple"]
