import pytest

import mt_tensor as mt
from mt_nn import (
    Flatten,
    Linear,
    ModuleDict,
    ModuleList,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
    Tanh,
)


def test_modules_are_applied_in_order():
    net = Sequential(Linear(3, 4), ReLU(), Linear(4, 2))
    x = mt.tensor([[1.0, -2.0, 0.5]])
    expected = net[2](net[0](x).relu())
    assert net(x).tolist() == expected.tolist()
    assert [type(m).__name__ for m in net] == ["Linear", "ReLU", "Linear"]
    assert len(net) == 3
    assert net[-1] is net[2]
    assert [name for name, _ in net.named_parameters()] == [
        "0.weight",
        "0.bias",
        "2.weight",
        "2.bias",
    ]


def test_a_module_that_was_replaced_is_applied():
    net, x = Sequential(ReLU(), Tanh()), mt.tensor([-1.0, 2.0])
    assert net(x).tolist() == x.relu().tanh().tolist()
    setattr(net, "0", Sigmoid())
    assert net(x).tolist() == x.sigmoid().tanh().tolist()
    net.append(ReLU())
    assert net(-x).tolist() == (-x).sigmoid().tanh().relu().tolist()
    parts = iter(net)
    setattr(net, "1", ReLU())
    assert [type(m).__name__ for m in parts] == ["Sigmoid", "ReLU", "ReLU"]


def test_a_module_that_is_gone():
    net = Sequential(ReLU(), Tanh())
    delattr(net, "1")
    with pytest.raises(AttributeError, match="Sequential has no attribute '1'"):
        net(mt.zeros(2))


def test_many_modules_keep_their_order():
    sizes = range(1, 13)
    net = Sequential(*(Linear(n, n + 1) for n in sizes))
    assert net(mt.zeros(4, 1)).shape == (4, 13)
    assert [m.in_features for m in net] == list(sizes)


def test_nothing_is_the_identity():
    x = mt.zeros(2)
    assert Sequential()(x) is x


@pytest.mark.parametrize("index", [2, -3])
def test_an_index_that_there_is_not(index):
    with pytest.raises(IndexError, match=f"index {index} is out of range for 2 module"):
        Sequential(ReLU(), ReLU())[index]


def test_what_is_not_a_module():
    with pytest.raises(TypeError, match="Sequential: 1 is <built-in function abs>, not a Module"):
        Sequential(ReLU(), abs)


def test_flatten_keeps_the_batch():
    assert Flatten()(mt.zeros(2, 3, 4)).shape == (2, 12)
    assert Flatten(0, 1)(mt.zeros(2, 3, 4)).shape == (6, 4)
    assert repr(Flatten()) == "Flatten(start_dim=1, end_dim=-1)"


@pytest.mark.parametrize(("layer", "name"), [(ReLU, "relu"), (Sigmoid, "sigmoid"), (Tanh, "tanh")])
def test_activations_are_the_operators(layer, name):
    x = mt.tensor([-1.0, 0.0, 2.0])
    assert layer()(x).tolist() == getattr(x, name)().tolist()
    assert repr(layer()) == f"{layer.__name__}()"


def test_a_list_is_part_of_the_tree():
    layers = ModuleList(Linear(2, 2) for _ in range(2))
    layers.append(ReLU())
    assert [type(m).__name__ for m in layers] == ["Linear", "Linear", "ReLU"]
    assert len(layers) == 3
    assert [name for name, _ in layers.named_parameters()][::2] == ["0.weight", "1.weight"]
    with pytest.raises(IndexError, match="ModuleList: index 3 is out of range for 3 module"):
        layers[3]
    with pytest.raises(TypeError, match="ModuleList: 3 is 'relu', not a Module"):
        layers.append("relu")


def test_a_dictionary_is_part_of_the_tree():
    heads = ModuleDict({"class": Linear(2, 3), "box": Linear(2, 4)})
    assert list(heads) == ["class", "box"]
    assert heads["box"](mt.zeros(1, 2)).shape == (1, 4)
    assert [name for name, _ in heads.named_parameters()][::2] == ["class.weight", "box.weight"]
    heads["box"] = ReLU()
    assert len(heads) == 2
    with pytest.raises(KeyError, match="mask"):
        heads["mask"]
    with pytest.raises(TypeError, match="ModuleDict: 'mask' is None, not a Module"):
        heads["mask"] = None
    with pytest.raises(ValueError, match="train"):
        heads["train"] = ReLU()


def test_a_residual_adds_its_input():
    block, x = Residual(Tanh()), mt.tensor([[0.5, -1.0]])
    assert block(x).tolist() == (x + x.tanh()).tolist()
    with pytest.raises(mt.ShapeError, match=r"the module makes \(1, 3\) of \(1, 2\); they must"):
        Residual(Linear(2, 3))(x)
