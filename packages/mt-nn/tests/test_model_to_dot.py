"""Networks and results as drawings."""

import re

import pytest

import mt_tensor as mt
from mt_nn import Linear, Module, ReLU, Residual, Sequential, model_to_dot
from mt_nn.models import LeNet


def read(dot):
    """Return the labels of the boxes and the labelled arrows, of a text in the DOT language."""
    head, *lines, tail = dot.splitlines()
    assert (head, tail) == ("digraph {", "}")
    boxes, arrows = {}, []
    for line in lines:
        if arrow := re.fullmatch(r'  (n\d+) -> (n\d+) \[label="(.*)"\];', line):
            arrows.append((boxes[arrow[1]], boxes[arrow[2]], arrow[3]))
        else:
            box = re.fullmatch(r'  (n\d+) \[label="(.*)", shape=(box|ellipse)\];', line)
            assert box[1] not in boxes
            boxes[box[1]] = box[2]
    return list(boxes.values()), arrows


def test_the_layers_of_lenet(backend):
    boxes, arrows = read(model_to_dot(LeNet(), (2, 1, 28, 28)))
    assert boxes == [
        *("input", "conv1: Conv2d", "relu", "conv2: Conv2d", "relu", "pool: AvgPool2d", "View"),
        *("hidden: Linear", "relu", "output: Linear", "LogSoftmax", "output"),
    ]
    assert ("input", "conv1: Conv2d", "(2, 1, 28, 28)") in arrows
    assert ("relu", "output: Linear", "(2, 64)") in arrows
    assert len(arrows) == len(boxes) - 1


def test_a_branch_joins_again():
    boxes, arrows = read(model_to_dot(Residual(Sequential(Linear(3, 3), ReLU())), (4, 3)))
    assert boxes == ["input", "module.0: Linear", "module.1: ReLU", "add", "output"]
    assert [(a, b) for a, b, _ in arrows] == [
        ("input", "module.0: Linear"),
        ("module.0: Linear", "module.1: ReLU"),
        ("input", "add"),
        ("module.1: ReLU", "add"),
        ("add", "output"),
    ]


class Twice(Module):
    def __init__(self):
        self.layer = Linear(3, 3)

    def forward(self, x, y):
        return self.layer(x), self.layer(y)


def test_each_call_is_a_box_and_inputs_and_outputs_are_numbered():
    inputs = [mt.zeros(2, 3), mt.zeros(5, 3)]
    boxes, arrows = read(model_to_dot(Twice(), inputs))
    assert sorted(boxes) == [
        *("input 0", "input 1", "layer: Linear", "layer: Linear", "output 0", "output 1")
    ]
    assert [(a, b) for a, b, shape in arrows if shape == "(5, 3)"] == [
        ("input 1", "layer: Linear"),
        ("layer: Linear", "output 1"),
    ]


def test_a_result_is_drawn_by_its_functions():
    x = mt.tensor([[1.0, 2.0]], requires_grad=True)
    boxes, arrows = read(model_to_dot((x * x).sum()))
    assert boxes[0] == r"leaf\n(1, 2)"
    assert sorted(boxes[1:]) == ["Sum", "View", "mul"] or sorted(boxes[1:]) == ["Sum", "mul"]
    assert (r"leaf\n(1, 2)", "mul", "(1, 2)") in arrows
    assert [a for a in arrows if a[0] == "mul"] == [("mul", "Sum", "(1, 2)")]


def test_what_cannot_be_drawn():
    with pytest.raises(TypeError, match="a network is drawn by what it does with an input"):
        model_to_dot(Linear(2, 1))
    x = mt.tensor([1.0], requires_grad=True)
    constant = mt.tensor([1.0])
    assert read(model_to_dot(constant)) == ([], [])
    result = x * x
    result.backward()
    with pytest.raises(mt.GradientError, match=r"the graph of this result was freed by a backward"):
        model_to_dot(result)
