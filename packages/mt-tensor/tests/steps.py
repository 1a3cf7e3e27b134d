"""What the tests of captured steps share: a model, its steps, and the comparison of every bit."""

import numpy as np

import mt_tensor as mt
from mt_operators import Module, Parameter

XS = [np.random.default_rng(i).standard_normal((4, 3)) for i in range(12)]
YS = [np.random.default_rng(50 + i).standard_normal((4, 2)) for i in range(12)]


class Line(Module):
    def __init__(self):
        rng = np.random.default_rng(7)
        self.weight = Parameter(mt.tensor(rng.standard_normal((3, 2))))
        self.offset = Parameter(mt.tensor(rng.standard_normal(2)))
        self.slope = 1.0

    def forward(self, x):
        scores = x @ self.weight.value + self.offset.value
        return scores.sigmoid() * self.slope if self.training else scores

    def forget(self):
        for p in self.parameters():
            p.value.grad = None

    def move(self, rate=0.5):
        with mt.no_grad():
            for p in self.parameters():
                if p.value.grad is not None:
                    p.value.sub_(p.value.grad * rate)


def descent(model):
    def step(x, y):
        model.forget()
        error = model(x) - y
        loss = (error * error).mean()
        loss.backward()
        model.move()
        return loss

    return step


def pair(i, dtype="float64"):
    return mt.tensor(XS[i], dtype=dtype), mt.tensor(YS[i], dtype=dtype)


def weights(model):
    return [p.value.detach().numpy().tobytes() for p in model.parameters()]


def gradients(model):
    return [
        None if g is None else g.numpy().tobytes()
        for g in (p.value.grad for p in model.parameters())
    ]


def warm(model, step, steps=4):
    """Capture a step, and take enough of it that it is replayed."""
    captured = mt.capture(step)
    for i in range(steps):
        captured(*pair(i))
    assert (captured.eager, captured.replayed) == (3, steps - 3)
    return captured


def check_like_eager(before, make=descent, *, steps=10):
    """Take steps with one model as written and with another captured; compare every bit.

    `before(i, model)` changes something before step i. Returns the captured step.
    """
    models = Line(), Line()
    written = make(models[0])
    captured = mt.capture(make(models[1]))
    for i in range(steps):
        results = []
        for model, step in zip(models, (written, captured), strict=True):
            given = before(i, model) or pair(i)
            results.append(step(*given).detach().numpy().tobytes())
        assert results[0] == results[1], i
        assert weights(models[0]) == weights(models[1]), i
        assert gradients(models[0]) == gradients(models[1]), i
    return captured


def nothing(_i, _model):
    return None
