import math
import random

import pytest

from mt_autodiff import Scalar, derivative_check
from mt_autodiff.mlp import MLP, Linear, correct, point_loss, step, train
from mt_operators import DATASETS, Parameter


def test_linear_is_a_matrix_and_an_offset():
    layer = Linear(2, 3, random.Random(0))  # noqa: S311  weights, not secrets
    out = layer((0.5, Scalar(-2.0)))
    for j in range(3):
        w = [layer.weights[j][i].value.data for i in range(2)]
        b = layer.biases[j].value.data
        assert out[j].data == pytest.approx(w[0] * 0.5 - w[1] * 2.0 + b)


def test_a_layer_shows_its_sizes():
    assert repr(Linear(2, 3, random.Random(0))) == "Linear(2, 3)"  # noqa: S311  weights


def test_parameters_have_names_and_are_drawn_from_the_seed():
    model = MLP(3, seed=5)
    assert len(model.parameters()) == 3 * 2 + 3 + 3 * 3 + 3 + 3 + 1
    assert model.first.weight_2_1 is model.first.weights[2][1]
    assert model.first.weight_2_1.value.name == "weight_2_1"
    assert all(-1.0 <= p.value.data <= 1.0 for p in model.parameters())
    assert [p.value.data for p in model.second.biases] == [0.1] * 3
    values = [p.value.data for p in model.parameters()]
    assert values == [p.value.data for p in MLP(3, seed=5).parameters()]
    assert values != [p.value.data for p in MLP(3, seed=6).parameters()]


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("z", [-3.0, 0.0, 2.0])
def test_the_loss_is_the_negative_logarithm_of_the_probability(z, label):
    p = 1.0 / (1.0 + math.exp(-z))
    expected = -math.log(p if label else 1.0 - p)
    assert point_loss(Scalar(z), label).data == pytest.approx(expected)
    derivative_check(lambda s: point_loss(s, label), z)


@pytest.mark.parametrize("z", [-1000.0, 1000.0])
def test_the_loss_of_a_sure_network_is_finite(z):
    assert sorted(point_loss(Scalar(z), label).data for label in (0, 1)) == [0.0, 1000.0]


def test_a_step_goes_against_the_derivative():
    model = Linear(1, 1, random.Random(0))  # noqa: S311  weights, not secrets
    w, b = (p.value.data for p in model.parameters())
    model((3.0,))[0].backward()
    step(model, rate=0.1)
    assert [p.value.data for p in model.parameters()] == pytest.approx([w - 0.3, b - 0.1])
    assert [p.value.derivative for p in model.parameters()] == [None, None]
    assert model.weight_0_0.value.name == "weight_0_0"


def test_a_step_leaves_what_has_no_derivative():
    model = Linear(1, 1, random.Random(0))  # noqa: S311  weights, not secrets
    before = [p.value for p in model.parameters()]
    model.extra = Parameter(Scalar(1.0))
    step(model, rate=0.1)
    assert [p.value for p in model.parameters()][:2] == before


def test_training_lowers_the_loss_and_is_the_same_each_time():
    data = DATASETS["Simple"](20, seed=1)

    def losses():
        return list(train(MLP(6, seed=1), data, rate=0.5, epochs=60))

    first = losses()
    assert first == losses()
    assert first[-1] < 0.5 * first[0]


def test_it_learns_a_task():
    data = DATASETS["Simple"](30, seed=3)
    model = MLP(5, seed=0)
    before = correct(model, data)
    for _ in train(model, data, rate=0.5, epochs=100):
        pass
    assert before < 29
    assert correct(model, data) >= 29


def test_counting_records_nothing():
    model = MLP(2)
    correct(model, DATASETS["Xor"](5))
    assert all(p.value.derivative is None for p in model.parameters())
