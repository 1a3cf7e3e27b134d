import numpy as np
import pytest

import mt_tensor as mt
from mt_nn.models import LeNet

FASTEST = mt.default_backend().name


def test_its_shapes_and_its_size():
    model = LeNet(generator=mt.Generator(0), backend=FASTEST).eval()
    assert {name: p.value.shape for name, p in model.named_parameters()} == {
        "conv1.weight": (4, 1, 3, 3),
        "conv1.bias": (4,),
        "conv2.weight": (8, 4, 3, 3),
        "conv2.bias": (8,),
        "hidden.weight": (64, 392),
        "hidden.bias": (64,),
        "output.weight": (10, 64),
        "output.bias": (10,),
    }
    assert sum(p.value.size for p in model.parameters()) == 26138
    result = model(mt.rand(2, 1, 28, 28, backend=FASTEST))
    assert result.shape == (2, 10)
    np.testing.assert_allclose(np.exp(result.detach().numpy()).sum(1), 1.0, rtol=1e-12)


def test_dropout_is_in_it_in_training_only():
    model = LeNet(dropout=0.9, generator=mt.Generator(0), backend=FASTEST)
    x = mt.rand(1, 1, 28, 28, backend=FASTEST)
    assert model(x).tolist() != model(x).tolist()
    model.eval()
    assert model(x).tolist() == model(x).tolist()


def test_another_size_of_image_does_not_fit():
    with pytest.raises(mt.ShapeError, match=r"in_features=392.*input is \(1, 512\)"):
        LeNet(backend=FASTEST)(mt.zeros(1, 1, 32, 32, backend=FASTEST))
