import copy
import pickle

import pytest

from mt_operators import Buffer, Module, Parameter


class Line(Module):
    def __init__(self, slope=2.0):
        self.slope = Parameter(slope)
        self.offset = Parameter(1.0)

    def forward(self, x):
        return self.slope.value * x + self.offset.value

    def extra_repr(self):
        return f"slope={self.slope.value}"


class Tree(Module):
    """Parts before and after own parameters, so that an order by attribute would show."""

    def __init__(self):
        super().__init__()
        self.left = Line()
        self.scale = Parameter(3.0)
        self.mean = Buffer(0.0)
        self.right = Branch()


class Branch(Module):
    def __init__(self):
        self.inner = Line(5.0)
        self.count = Buffer(7)


class Shaped:
    def __init__(self, *shape):
        self.shape = shape


def names(pairs):
    return [name for name, _ in pairs]


def test_calling_it_calls_forward():
    assert Line()(3.0) == 7.0
    assert Line()(x=3.0) == 7.0


def test_without_forward_it_says_so():
    with pytest.raises(NotImplementedError, match="Tree cannot be called: it defines no forward"):
        Tree()(1.0)


def test_parameters_are_listed_own_first_with_dotted_names():
    tree = Tree()
    assert names(tree.named_parameters()) == [
        "scale",
        "left.slope",
        "left.offset",
        "right.inner.slope",
        "right.inner.offset",
    ]
    assert [p.value for p in tree.parameters()] == [3.0, 2.0, 1.0, 5.0, 1.0]


def test_buffers_are_listed_apart():
    tree = Tree()
    assert names(tree.named_buffers()) == ["mean", "right.count"]
    assert tree.buffers() == [tree.mean, tree.right.count]


def test_modules_is_the_whole_tree_and_children_the_next_level():
    tree = Tree()
    assert names(tree.named_modules()) == ["", "left", "right", "right.inner"]
    assert tree.modules() == [tree, tree.left, tree.right, tree.right.inner]
    assert names(tree.named_children()) == ["left", "right"]
    assert tree.children() == [tree.left, tree.right]


def test_an_empty_module_has_nothing():
    assert Module().parameters() == []
    assert Module().modules()[1:] == []
    assert Module().state() == {}
    assert repr(Module()) == "Module()"


def test_train_and_eval_reach_the_whole_tree_and_return_it():
    tree = Tree()
    assert [m.mode for m in tree.modules()] == ["train"] * 4
    assert tree.eval() is tree
    assert [m.mode for m in tree.modules()] == ["eval"] * 4
    assert [m.training for m in tree.modules()] == [False] * 4
    assert tree.right.train() is tree.right
    assert [m.mode for m in tree.modules()] == ["eval", "eval", "train", "train"]
    assert tree.train(mode=False).right.mode == "eval"


def test_mode_cannot_be_set():
    with pytest.raises(AttributeError, match="mode"):
        Line().mode = "eval"


def test_apply_visits_parts_before_their_owner():
    tree, seen = Tree(), []
    assert tree.apply(seen.append) is tree
    assert seen == [tree.left, tree.right.inner, tree.right, tree]


def test_a_shared_part_is_listed_once():
    tree = Tree()
    tree.again = tree.left
    tree.right.scale = tree.scale
    tree.right.left = tree.left
    assert names(tree.named_modules()) == ["", "left", "right", "right.inner"]
    assert names(tree.named_children()) == ["left", "right"]
    assert names(tree.named_parameters()).count("right.scale") == 0
    assert len(tree.parameters()) == 5


def test_add_parameter_takes_a_value_or_a_parameter():
    module, ready = Module(), Parameter(4.0)
    made = module.add_parameter("a", 1.0)
    assert (made.value, made.name) == (1.0, "a")
    assert module.add_parameter("b", ready) is ready
    assert names(module.named_parameters()) == ["a", "b"]
    assert module.a is made


def test_a_name_cannot_be_added_twice():
    line = Line()
    with pytest.raises(ValueError, match=r"Line\.slope: there is a Parameter of that name already"):
        line.add_parameter("slope", 1.0)
    assert line.slope.value == 2.0


def test_a_parameter_cannot_have_two_names_in_a_module():
    line = Line()
    with pytest.raises(ValueError, match=r"Line\.other: already registered, as Line\.slope"):
        line.other = line.slope
    line.slope = line.slope
    assert len(line.parameters()) == 2


@pytest.mark.parametrize("name", ["a.b", ""])
def test_a_part_has_a_plain_name(name):
    with pytest.raises(ValueError, match=rf"Module\.{name}: the name of a part cannot be empty"):
        Module().add_parameter(name, 1.0)


@pytest.mark.parametrize("name", ["forward", "training", "parameters", "mode"])
@pytest.mark.parametrize("part", [Parameter(1.0), Buffer(1.0), Module()])
def test_a_part_cannot_hide_something_of_the_class(name, part):
    with pytest.raises(ValueError, match=rf"Line\.{name}: a part cannot take the name of"):
        setattr(Line(), name, part)


def test_a_class_may_declare_an_optional_part():
    class Optional(Module):
        bias = None

    module = Optional()
    assert module.parameters() == []
    module.bias = Parameter(1.0)
    assert names(module.named_parameters()) == ["bias"]


def test_a_part_can_be_replaced_by_a_part_or_by_none():
    tree = Tree()
    tree.left = Parameter(9.0)
    tree.scale = Branch()
    assert names(tree.named_parameters())[0] == "left"
    assert names(tree.named_children()) == ["scale", "right"]
    tree.left = None
    tree.right = None
    tree.scale = None
    assert tree.left is None
    assert tree.parameters() == []
    assert tree.modules() == [tree]


def test_a_deleted_part_is_gone():
    line = Line()
    del line.slope
    assert names(line.named_parameters()) == ["offset"]


def test_a_plain_value_cannot_replace_a_part():
    tree = Tree()
    with pytest.raises(
        TypeError,
        match=r"Tree\.scale: a float cannot replace a Parameter; scale\.update\(value\) would ho",
    ):
        tree.scale = 4.0
    with pytest.raises(TypeError, match=r"Tree\.left: a float cannot replace a Line$"):
        tree.left = 4.0
    assert tree.scale.value == 3.0


def test_a_module_cannot_contain_itself():
    tree = Tree()
    with pytest.raises(ValueError, match=r"Tree\.self: Tree contains this Tree"):
        tree.self = tree
    with pytest.raises(ValueError, match=r"Line\.root: Tree contains this Line"):
        tree.right.inner.root = tree


def test_a_wrong_attribute_names_near_misses():
    with pytest.raises(AttributeError, match="Line has no attribute 'slop'; near: slope"):
        Line().slop  # noqa: B018
    with pytest.raises(AttributeError, match=r"Line has no attribute 'qqq'$"):
        Line().qqq  # noqa: B018
    with pytest.raises(AttributeError, match=r"Line has no attribute '__slope__'$"):
        Line().__slope__  # noqa: B018


def test_a_failing_property_tells_its_own_error():
    class Broken(Line):
        @property
        def ratio(self):
            return self.slpe.value

    with pytest.raises(AttributeError, match="Broken has no attribute 'slpe'; near: slope"):
        Broken().ratio  # noqa: B018


def test_state_goes_round():
    tree, other = Tree(), Tree()
    tree.scale.update(30.0)
    tree.right.count.update(70)
    state = tree.state()
    assert state == {
        "scale": 30.0,
        "mean": 0.0,
        "left.slope": 2.0,
        "left.offset": 1.0,
        "right.count": 70,
        "right.inner.slope": 5.0,
        "right.inner.offset": 1.0,
    }
    other.load_state(state)
    assert other.state() == state


def test_load_state_keeps_the_holders():
    line = Line()
    before = line.parameters()
    line.load_state({"slope": 8.0, "offset": 9.0})
    assert line.parameters() == before
    assert [p.value for p in before] == [8.0, 9.0]


def test_load_state_lists_all_problems_and_changes_nothing():
    line = Line()
    with pytest.raises(
        ValueError, match=r"Line\.load_state: missing offset; unexpected ofset; unexpected x$"
    ):
        line.load_state({"slope": 8.0, "ofset": 9.0, "x": 0.0})
    assert line.slope.value == 2.0


def test_load_state_compares_shapes_where_there_are_any():
    line = Line(Shaped(2, 3))
    with pytest.raises(ValueError, match=r"slope is \(2, 3\) here and \(3, 2\) there"):
        line.load_state({"slope": Shaped(3, 2), "offset": 1.0})
    same = Shaped(2, 3)
    line.load_state({"slope": same, "offset": Shaped(1)})
    assert line.slope.value is same


def test_repr_is_a_tree():
    class Root(Branch):
        def extra_repr(self):
            return "deep"

    class Top(Module):
        def __init__(self):
            self.first = Line()
            self.second = Root()

    assert repr(Top()) == (
        "Top(\n"
        "  (first): Line(slope=2.0)\n"
        "  (second): Root(\n"
        "    deep\n"
        "    (inner): Line(slope=5.0)\n"
        "  )\n"
        ")"
    )


def pickled(module):
    return pickle.loads(pickle.dumps(module))  # noqa: S301  made on the same line


@pytest.mark.parametrize("clone", [copy.deepcopy, pickled])
def test_a_copy_is_independent(clone):
    tree = Tree()
    other = clone(tree)
    other.scale.update(99.0)
    assert tree.scale.value == 3.0
    assert names(other.named_parameters()) == names(tree.named_parameters())
    assert other.eval().mode == "eval"
    assert tree.mode == "train"
