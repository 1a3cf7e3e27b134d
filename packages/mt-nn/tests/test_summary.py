"""What each layer makes, holds and costs, by hand."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import (
    LSTM,
    BatchNorm2d,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Embedding,
    Flatten,
    Linear,
    Module,
    ModuleList,
    MultiheadAttention,
    ReLU,
    Sequential,
    TraceError,
    summary,
)
from mt_nn.models import LeNet


def by_name(table):
    return {layer.name: layer for layer in table.layers}


def test_every_layer_of_lenet_by_hand(backend):
    table = summary(LeNet(dtype="float32"), (2, 1, 28, 28))
    layers = by_name(table)
    assert list(layers) == ["", "conv1", "conv2", "pool", "hidden", "dropout", "output"]
    # A kernel of 3 x 3 x C is a product and a sum at each of O x 28 x 28 places.
    assert layers["conv1"].flops == 2 * 2 * 4 * 28 * 28 * 9
    assert layers["conv2"].flops == 2 * 2 * 8 * 28 * 28 * 4 * 9
    assert layers["hidden"].flops == 2 * 2 * 392 * 64
    assert layers["output"].flops == 2 * 2 * 64 * 10
    assert [layers[n].flops for n in ("", "pool", "dropout")] == [0, 0, 0]
    assert [layer.parameters for layer in table.layers] == [0, 40, 296, 0, 25152, 0, 650]
    assert layers["conv2"].outputs == ((2, 8, 28, 28),)
    assert layers["pool"].outputs == ((2, 8, 7, 7),)
    # What is computed is kept, four bytes each; a convolution adds its bias as it goes.
    assert layers["conv1"].memory == (2 * 4 * 28 * 28) * 4
    assert layers["pool"].memory == 2 * 8 * 49 * 4
    assert layers["dropout"].memory == 0
    assert layers[""].memory == 4 * 2 * (4 * 28 * 28 + 8 * 28 * 28 + 64 + 10)
    assert table.parameters == table.trainable == 26138
    assert table.parameter_memory == 4 * 26138
    assert table.flops == sum(layer.flops for layer in table.layers)


def test_geometry_counts():
    cases = [
        (Conv2d(4, 6, 3, stride=2, padding=1, groups=2), (3, 4, 7, 9), 2 * 3 * 6 * 4 * 5 * 2 * 9),
        (Conv1d(4, 6, 3, dilation=2), (3, 4, 9), 2 * 3 * 6 * 5 * 4 * 3),
        (ConvTranspose2d(4, 6, 3, stride=2), (3, 4, 5, 5), 2 * 3 * 25 * 4 * 6 * 9),
        (Linear(4, 6), (3, 5, 4), 2 * 15 * 4 * 6),
    ]
    for layer, shape, expected in cases:
        assert summary(layer, shape).flops == expected, layer


def test_attention_and_recurrence_count_what_they_do_inside():
    table = summary(MultiheadAttention(6, 2, batch_first=True), [mt.zeros(2, 5, 6)] * 3)
    projections, scores = 4 * 2 * (2 * 5) * 6 * 6, 2 * 2 * 2 * 5 * 5 * 3
    assert table.flops == projections + 2 * scores
    lstm = summary(LSTM(3, 4), (5, 2, 3))
    assert lstm.flops == 5 * 2 * 2 * 16 * (3 + 4)
    assert lstm.layers[0].outputs == ((5, 2, 4), (1, 2, 4), (1, 2, 4))


class Shared(Module):
    def __init__(self):
        self.parts = ModuleList([Linear(3, 3)])
        self.unused = Linear(3, 2)
        self.tied = Linear(3, 3, bias=False)
        self.tied.weight = self.parts[0].weight

    def forward(self, x):
        once = self.parts[0](x)
        return self.tied(self.parts[0](once))


def test_what_is_shared_counts_once_and_what_is_called_twice_costs_twice():
    table = summary(Shared(), (4, 3))
    layers = by_name(table)
    assert layers["parts.0"].calls == 2
    assert layers["parts.0"].flops == 2 * layers["tied"].flops == 2 * 2 * 4 * 9
    assert layers["tied"].parameters == 0
    assert layers["unused"].calls == layers["parts"].calls == 0
    assert layers["unused"].parameters == 8
    assert layers["unused"].outputs == ()
    assert table.parameters == 12 + 8
    lines = [line.split() for line in str(table).splitlines()]
    assert ["0:", "Linear", "x", "2", "(4,", "3)", "12", "144", "192", "B"] in lines
    assert ["unused:", "Linear", "not", "called", "8"] in lines


def test_frozen_parameters_are_told():
    model = Sequential(Linear(2, 3), Linear(3, 1))
    model[0].weight.value.requires_grad = False
    table = summary(model, (1, 2))
    assert (table.parameters, table.trainable) == (13, 7)
    assert "parameters  13, 6 of them frozen" in str(table)


def test_the_table_as_text():
    model = Sequential(Conv2d(1, 2, 3), ReLU(), Flatten(), Linear(2 * 26 * 26, 10))
    lines = str(summary(model, (64, 1, 28, 28))).splitlines()
    assert lines[0].split() == ["layer", "output", "parameters", "FLOPs", "memory"]
    assert lines[2] == "Sequential    (64, 10)"
    assert lines[3].split("  ")[1:2] == ["0: Conv2d"]
    assert lines[3].split()[-5:] == ["26)", "20", "1,557,504", "676.0", "KiB"]
    assert lines[-4:] == [
        "input       (64, 1, 28, 28)",
        "parameters  13,550",
        "FLOPs       3,288,064 forward",
        "memory      105.9 KiB of parameters, 1.3 MiB of results",
    ]
    assert len({len(line) for line in lines[:2]}) == 1
    assert not any(line != line.rstrip() for line in lines)


def test_it_leaves_the_network_and_the_generator_as_they_were(backend):
    model = Sequential(Conv2d(1, 2, 3), BatchNorm2d(2), Dropout(0.5), Flatten())
    model[2].eval()
    before = {name: value.tolist() for name, value in model.state().items()}
    state = mt.default_generator.state()
    with mt.no_grad():
        assert summary(model, (2, 1, 5, 5)).flops > 0
        assert not mt.is_grad_enabled()
    assert {name: value.tolist() for name, value in model.state().items()} == before
    assert mt.default_generator.state() == state
    assert [m.training for m in model.modules()] == [True, True, True, False, True]
    assert all("forward" not in vars(m) for m in model.modules())


def test_integers_are_given_as_tensors():
    model = Sequential(Embedding(7, 4), Linear(4, 2))
    table = summary(model, mt.tensor([[1, 2, 6]]))
    assert table.inputs == ((1, 3),)
    assert by_name(table)["0"].outputs == ((1, 3, 4),)
    with pytest.raises(mt.DTypeError, match="embedding: input is float64"):
        summary(model, (1, 3))
    assert "forward" not in vars(model)


@pytest.mark.parametrize("bad", [(), ("a",), (2.5, 3), [mt.zeros(2), 3]])
def test_what_is_no_input(bad):
    with pytest.raises(TypeError, match="an input is a shape, a tensor or a list of tensors, not"):
        summary(Linear(2, 1), bad)


@pytest.mark.parametrize(
    ("leave", "call"),
    [
        (lambda x: x if x.sum().item() > 0.0 else -x, r"item\(\)"),
        (lambda x: x if (x > 0.0).all() else -x, r"item\(\)"),
        (lambda x: x * np.sign(x.detach().numpy()), r"numpy\(\)"),
        (lambda x: x * mt.tensor(x.tolist()), r"tolist\(\)"),
    ],
)
def test_what_decides_by_its_numbers_is_refused(leave, call):
    class Deciding(Module):
        def forward(self, x):
            return leave(x)

    message = f"{call} of a tensor of .* that depends on the input: no graph shows it"
    with pytest.raises(TraceError, match=message):
        summary(Deciding(), (2, 3))
