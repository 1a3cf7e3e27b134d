import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Bilinear
from mt_nn.functional import bilinear


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
def test_it_weighs_every_pair(backend, lead):
    x, z, weight, bias = drawn(0, *lead, 3), drawn(1, *lead, 4), drawn(2, 5, 3, 4), drawn(3, 5)
    tensors = [mt.tensor(a) for a in (x, z, weight, bias)]
    expected = np.einsum("...i,oij,...j->...o", x, weight, z) + bias
    result = bilinear(*tensors).numpy()
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-13, strict=True)
    mt.grad_check(bilinear, *tensors)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (
            [(2, 3), (2, 4), (5, 4, 3)],
            r"weight is \(5, 4, 3\), not \(\*, I\), \(\*, J\), \(O, I, J",
        ),
        ([(2, 3), (3, 4), (5, 3, 4)], r"input1 is \(2, 3\), input2 is \(3, 4\)"),
        ([(), (4,), (5, 4)], r"input1 is \(\)"),
        ([(2, 3), (2, 4), (5, 3, 4), (4,)], r"bilinear: bias is \(4,\); it must be \(5,\)"),
    ],
)
def test_shapes_that_do_not_fit(shapes, message):
    with pytest.raises(mt.ShapeError, match=message):
        bilinear(*(mt.zeros(shape) for shape in shapes))


def test_the_layer_is_its_function():
    layer = Bilinear(3, 4, 5, generator=mt.Generator(0))
    x, z = mt.tensor(drawn(4, 2, 3)), mt.tensor(drawn(5, 2, 4))
    expected = bilinear(x, z, layer.weight.value, layer.bias.value)
    assert layer(x, z).tolist() == expected.tolist()
    assert abs(layer.weight.value.detach().numpy()).max() <= 1 / np.sqrt(3)
    assert repr(layer) == "Bilinear(in1_features=3, in2_features=4, out_features=5)"
    assert Bilinear(3, 4, 5, bias=False).bias is None
    with pytest.raises(ValueError, match="Bilinear: out_features must be a positive integer"):
        Bilinear(3, 4, 0)
