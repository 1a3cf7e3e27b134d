import pytest

import mt_tensor as mt
from mt_nn import Flatten, Linear, ReLU, Sequential, Sigmoid, Tanh


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


def test_nothing_is_the_identity():
    x = mt.zeros(2)
    assert Sequential()(x) is x


@pytest.mark.parametrize("index", [2, -3])
def test_an_index_that_there_is_not(index):
    with pytest.raises(IndexError, match=f"index {index} is out of range for 2 module"):
        Sequential(ReLU(), ReLU())[index]


def test_what_is_not_a_module():
    with pytest.raises(TypeError, match="Sequential: argument 1 is <built-in function abs>, not"):
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
