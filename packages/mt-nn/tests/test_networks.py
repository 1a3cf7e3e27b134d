"""A small network of every kind of layer, trained for two steps on every backend."""

import numpy as np

import mt_nn
import mt_tensor as mt
from mt_nn import functional

STEPS = 2


def network(generator):
    return mt_nn.Sequential(
        mt_nn.Conv2d(1, 2, 3, padding=1, generator=generator),
        mt_nn.ReLU(),
        mt_nn.AvgPool2d(2),
        mt_nn.Conv2d(2, 2, 2, dilation=2, groups=2, generator=generator),
        mt_nn.Tanh(),
        mt_nn.MaxPool2d(2),
        mt_nn.Flatten(),
        mt_nn.Dropout(0.2, generator=generator),
        mt_nn.Linear(8, 3, generator=generator),
    )


def trained(backend):
    """Return the losses, and the weights after the last step."""
    with_seed = mt.Generator(0)
    model = mt_nn.move(network(with_seed), backend)
    images = mt.tensor(np.random.default_rng(0).standard_normal((4, 1, 12, 12)), backend=backend)
    classes = mt.tensor([0, 1, 2, 1], backend=backend)
    optimizer = mt_nn.optim.Adam(model.parameters(), lr=0.1)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(images), classes)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, [p.value.detach().numpy() for p in model.parameters()]


def test_every_backend_learns_the_same(every_backend):
    losses, weights = trained(every_backend)
    expected_losses, expected_weights = trained("simple")
    assert losses[1] < losses[0]
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-12)
    for mine, other in zip(weights, expected_weights, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-9)
