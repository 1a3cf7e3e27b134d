import math

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import init

SHAPE = (40, 30, 3, 3)
FAN_IN, FAN_OUT = 270, 360


def filled(fill, **options):
    tensor = mt.zeros(SHAPE)
    assert fill(tensor, generator=mt.Generator(0), **options) is tensor
    return tensor.numpy()


@pytest.mark.parametrize(
    ("fill", "options", "bound"),
    [
        (init.uniform_, {"a": -2.0, "b": 2.0}, 2.0),
        (init.kaiming_uniform_, {}, math.sqrt(6 / FAN_IN)),
        (init.kaiming_uniform_, {"a": math.sqrt(5)}, math.sqrt(1 / FAN_IN)),
        (init.kaiming_uniform_, {"mode": "fan_out"}, math.sqrt(6 / FAN_OUT)),
        (init.kaiming_uniform_, {"nonlinearity": "tanh"}, 5 / 3 * math.sqrt(3 / FAN_IN)),
        (init.xavier_uniform_, {}, math.sqrt(6 / (FAN_IN + FAN_OUT))),
        (init.xavier_uniform_, {"gain": 2.0}, 2 * math.sqrt(6 / (FAN_IN + FAN_OUT))),
    ],
)
def test_uniform_draws_fill_their_interval(fill, options, bound):
    values = filled(fill, **options)
    assert 0.99 * bound < abs(values).max() <= bound
    assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert values.mean() == pytest.approx(0.0, abs=0.02 * bound)


@pytest.mark.parametrize(
    ("fill", "options", "deviation"),
    [
        (init.normal_, {"std": 3.0}, 3.0),
        (init.kaiming_normal_, {}, math.sqrt(2 / FAN_IN)),
        (init.kaiming_normal_, {"mode": "fan_out"}, math.sqrt(2 / FAN_OUT)),
        (init.xavier_normal_, {"gain": 0.5}, 0.5 * math.sqrt(2 / (FAN_IN + FAN_OUT))),
    ],
)
def test_normal_draws_have_their_deviation(fill, options, deviation):
    values = filled(fill, **options)
    assert values.std() == pytest.approx(deviation, rel=0.02)
    assert abs(values).max() > 3 * deviation


def test_a_normal_draw_has_its_mean():
    assert filled(init.normal_, mean=5.0).mean() == pytest.approx(5.0, abs=0.05)


def test_a_constant_is_everywhere():
    assert (init.constant_(mt.zeros(2, 3), 2.5).numpy() == 2.5).all()


def test_a_seed_decides_and_the_dtype_only_rounds(backend):
    wide = init.normal_(mt.zeros(5), generator=mt.Generator(1)).numpy()
    narrow = init.normal_(mt.zeros(5, dtype="float32"), generator=mt.Generator(1)).numpy()
    np.testing.assert_array_equal(narrow, wide.astype(np.float32), strict=True)


def test_gains():
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))
    assert init.calculate_gain("leaky_relu", 2.0) == math.sqrt(2 / 5)
    with pytest.raises(ValueError, match="calculate_gain: 'snake' is none of linear, conv2d"):
        init.calculate_gain("snake")


def test_a_vector_has_no_fan():
    with pytest.raises(mt.ShapeError, match=r"a weight of \(3,\) has no fan; it needs 2"):
        init.xavier_uniform_(mt.zeros(3))
