import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Buffer, Linear, Sequential, move


def test_a_dtype_is_for_floats():
    net = Sequential(Linear(2, 3))
    net.count = Buffer(mt.tensor([1, 2]))
    before = net[0].weight.value.detach().numpy()
    assert move(net, "float32") is net
    after = net[0].weight.value
    assert after.dtype == mt.float32
    assert after.is_leaf()
    assert net.count.value.dtype == mt.int64
    np.testing.assert_array_equal(after.detach().numpy(), before.astype("f"), strict=True)
    assert net(mt.zeros(1, 2, dtype="float32")).dtype == mt.float32


def test_a_backend_is_for_everything(backend):
    net = Linear(2, 3, backend="simple")
    net.count = Buffer(mt.tensor([1, 2], backend="simple"))
    move(net, backend)
    assert {v.backend.name for v in net.state().values()} == {backend}


def test_a_target_that_there_is_not():
    with pytest.raises(mt.BackendError, match="no backend 'abacus'"):
        move(Linear(1, 1), "abacus")
    with pytest.raises(mt.DTypeError, match="float16"):
        move(Linear(1, 1), "float16")


def test_what_is_no_tensor_stays():
    net = Linear(1, 1)
    net.steps = Buffer(3)
    assert move(net, "float32").steps.value == 3
