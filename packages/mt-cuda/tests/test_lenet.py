"""A training step of a whole network, on the device as in plain Python."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_cuda.journal import Journal

mt_nn = pytest.importorskip("mt_nn", reason="needs mt-nn, which this package does not depend on")


def stepped(where):
    """Take one step of SGD from a seed; return the loss, the gradients and the new weights."""
    generator = mt.Generator(0)
    network = mt_nn.models.LeNet(backend=where, dtype="float64", generator=generator)
    optimizer = mt_nn.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    images = np.random.default_rng(0).normal(size=(1, 1, 28, 28))
    x, y = mt.tensor(images, backend=where), mt.tensor(np.array([3]), backend=where)
    journal = Journal()
    with journal.opened():
        loss = mt_nn.functional.nll_loss(network(x), y)
        loss.backward()
        grads = [p.value.grad for p in network.parameters()]
        optimizer.step()
    # The loss looks whether the classes are in range; nothing else comes or goes.
    assert (journal.downloads, journal.uploads) == ((0, 0) if where == "simple" else (1, 0))
    grads = [np.array(grad.numpy()) for grad in grads]
    weights = [np.array(p.value.detach().numpy()) for p in network.parameters()]
    return [np.array(loss.item()), *grads, *weights]


def test_a_step_of_lenet_is_that_of_the_simple_backend(backend):
    for actual, expected in zip(stepped(backend), stepped("simple"), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6)
