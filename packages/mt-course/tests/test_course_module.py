"""The course's modules and parameters."""

import pytest

from minitorch import Module, Parameter, Scalar, tensor


class Leaf(Module):
    def __init__(self, value):
        super().__init__()
        self.weight = Parameter(value)

    def forward(self, x):
        return self.weight.value * x


class Tree(Module):
    def __init__(self):
        super().__init__()
        self.left = Leaf(5)
        self.right = Leaf(7)
        self.bias = Parameter(3)
        self.plain = 10
        self.several = [Parameter(1)]
        self.mid = None

    def forward(self, x):
        return self.left(x) + self.right(x) + self.bias.value


class Recorder:
    def __init__(self):
        self.told = []

    def requires_grad_(self, flag):
        self.told.append(flag)


def test_a_tree_names_its_parameters_own_ones_first():
    names = [name for name, _ in Tree().named_parameters()]
    assert names == ["bias", "left.weight", "right.weight"]
    assert [p.value for p in Tree().parameters()] == [3, 5, 7]
    assert len(Tree().parameters()) == 3, "a list is not searched"


def test_the_registries_are_in_the_instance():
    tree = Tree()
    assert set(tree.__dict__["_parameters"]) == {"bias"}
    assert set(tree.__dict__["_modules"]) == {"left", "right"}
    assert tree.modules() == [tree.left, tree.right]
    tree.right = None
    assert set(tree.__dict__["_modules"]) == {"left"}


def test_an_empty_module_has_empty_registries():
    assert (Module().__dict__["_parameters"], Module().__dict__["_modules"]) == ({}, {})


def test_calling_runs_forward():
    assert Tree()(2) == 5 * 2 + 7 * 2 + 3


def test_training_mode_reaches_every_module():
    tree = Tree()
    tree.eval()
    assert (tree.training, tree.left.training, tree.right.training) == (False, False, False)
    assert tree.mode == "eval"
    tree.train()
    assert (tree.training, tree.left.training, tree.right.training) == (True, True, True)
    assert tree.mode == "train"


def test_an_attribute_may_start_as_none_and_become_anything():
    tree = Tree()
    tree.mid = tensor([1.0])
    assert tree.mid[0] == 1.0


def test_a_computed_name_makes_a_parameter():
    module = Module()
    made = module.add_parameter("w", 4)
    assert (made.name, made.value) == ("w", 4)
    assert module.w is made
    assert module.__dict__["_parameters"] == {"w": made}


def test_a_wrong_attribute_names_near_ones():
    with pytest.raises(AttributeError, match=r"no attribute 'lefft'; near: left"):
        _ = Tree().lefft


def test_the_tree_is_shown_line_by_line():
    assert repr(Tree()).splitlines() == ["Tree(", "  (left): Leaf()", "  (right): Leaf()", ")"]


def test_a_parameter_tells_its_value_to_record_and_shows_it():
    value = Recorder()
    parameter = Parameter(value, name="w")
    assert value.told == [True]
    assert value.name == "w"
    other = Recorder()
    parameter.update(other)
    assert other.told == [True]
    assert parameter.value is other
    assert repr(Parameter(2.5)) == str(Parameter(2.5)) == "2.5"


def test_a_result_given_to_a_parameter_becomes_a_leaf():
    parameter = Parameter(2 * (tensor([1.0, 2.0]) - 0.5), name="w")
    assert parameter.value.is_leaf()
    assert parameter.value.name == "w"


def test_a_parameter_holds_a_scalar():
    parameter = Parameter(Scalar(1.0))
    parameter.update(Scalar(2.0))
    assert parameter.value.data == 2.0
