"""What a replay cannot do is refused, with the line to blame."""

import re

import numpy as np
import pytest

import mt_tensor as mt
from mt_tensor.simple import SimpleBackend

from .steps import Line, descent, pair, warm

SPARE = SimpleBackend()


def reads_item(x, _model):
    return x if x.sum().item() > 0.0 else -x


def reads_array(x, _model):
    return x * float(x.numpy()[0, 0])


def reads_truth(x, _model):
    return x if (x.sum() > 0.0) else -x


def reads_text(x, _model):
    str(x)
    return x


def reads_list(x, _model):
    return x + sum(x.tolist()[0])


def exports(x, _model):
    np.from_dlpack(x)
    return x


def draws(x, _model):
    return x + mt.rand(4, 3)


def makes_tensor(x, _model):
    return x + mt.tensor([1.0, 2.0, 3.0])


def masks(x, _model):
    return x * x[x > 0.0].sum()


def goes_elsewhere(x, _model):
    return x.to(SPARE).to("simple")


def computes_elsewhere(x, _model):
    (OUTSIDE * OUTSIDE).sum()
    return x


def registers_hook(x, model):
    (model.weight.value * 2.0).register_hook(print)
    return x


def starts_another(x, _model):
    return ANOTHER(x)


ANOTHER = mt.capture(lambda x: x)
OUTSIDE = mt.ones(2, backend=SPARE)
REFUSED = {
    reads_item: "reads the elements of a tensor",
    reads_array: "reads the elements of a tensor",
    reads_truth: "reads the elements of a tensor",
    reads_text: "reads the elements of a tensor",
    reads_list: "reads the elements of a tensor",
    exports: "hands a tensor to another library",
    draws: "makes a tensor of an array",
    makes_tensor: "makes a tensor of an array",
    masks: "reads the elements of a tensor",
    goes_elsewhere: "reads the elements of a tensor",
    computes_elsewhere: "computes on 'simple' in a step on 'simple'",
    registers_hook: "registers a hook",
    starts_another: "starts a captured step inside another",
}


@pytest.mark.parametrize(
    ("middle", "reason"), REFUSED.items(), ids=lambda v: getattr(v, "__name__", None)
)
def test_a_line_is_blamed(middle, reason):
    model = Line()
    captured = mt.capture(lambda x: model(middle(x, model).detach()).detach())
    x = pair(0)[0]
    captured(x)
    line = middle.__code__.co_firstlineno
    with pytest.raises(mt.CaptureError, match=f"{re.escape(__file__)}:(\\d+): {reason}") as caught:
        captured(x)
    blamed = int(str(caught.value).split(":")[1])
    assert line < blamed <= line + 2
    assert mt.tensor([2.0]).item() == 2.0, "the backend is as it was"


def test_a_step_that_writes_a_list():
    losses = []

    def step(x):
        losses.append(0.5)
        return x + 1.0

    captured = mt.capture(step)
    captured(mt.ones(2))
    with pytest.raises(mt.CaptureError, match=r"changes what it reads: losses was 1 and is 2"):
        captured(mt.ones(2))


def test_a_step_that_counts():
    model = Line()

    def step(x):
        model.slope += 1.0
        return model(x).detach()

    captured = mt.capture(step)
    captured(pair(0)[0])
    with pytest.raises(mt.CaptureError, match=r"changes what it reads: model.slope was 2.0 and is"):
        captured(pair(0)[0])


def test_a_number_that_nobody_can_watch():
    numbers = iter(range(10))
    captured = mt.capture(lambda x: x * float(next(numbers)))
    captured(mt.ones(2))
    captured(mt.ones(2))
    with pytest.raises(mt.CaptureError, match=r"two steps are not the same: .*_refusals.py:\d+"):
        captured(mt.ones(2))


def test_a_tensor_that_one_step_leaves_to_the_next():
    class Memory:
        def __init__(self):
            self.kept = mt.zeros(2)

        def __call__(self, x):
            before, self.kept = self.kept, x + 1.0
            return before + x

    memory = Memory()
    captured = mt.capture(memory)
    captured(mt.ones(2))
    with pytest.raises(mt.CaptureError, match=r"changes what it reads: .*kept is another a Tensor"):
        captured(mt.ones(2))


def test_gradients_that_are_never_forgotten():
    model = Line()

    def step(x, y):
        loss = (model(x) - y).sum()
        loss.backward()
        return loss

    captured = mt.capture(step)
    captured(*pair(0))
    captured(*pair(1))
    with pytest.raises(mt.CaptureError, match="is not what the step before did there"):
        captured(*pair(2))


def test_a_step_of_another_length():
    model, rounds = Line(), iter([1, 1, 2, 2])

    def step(x):
        for _ in range(next(rounds)):
            x = x + 1.0
        return model(x).detach()

    captured = mt.capture(step)
    captured(pair(0)[0])
    captured(pair(0)[0])
    with pytest.raises(mt.CaptureError, match="two steps are not the same"):
        captured(pair(0)[0])


def test_writing_behind_the_back_of_the_backend():
    model = Line()

    def step(x):
        model.weight.value.data.storage[:] *= 0.5
        return model(x).detach()

    captured, twin, x = mt.capture(step), Line(), pair(0)[0]
    captured(x)
    captured(x)
    with pytest.raises(mt.CaptureError, match="behind the back of the backend"):
        captured(x)
    wanted = twin.weight.value.detach().numpy() / 8.0
    np.testing.assert_array_equal(model.weight.value.detach().numpy(), wanted)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("dimensions", [1, 2])
def test_writing_a_gradient_by_a_bias_to_an_argument(named, dimensions):
    space = (1,) * dimensions
    numbers = (1, 0) if dimensions == 1 else ((1, 1), (0, 0))

    def step(x, bias):
        backend, slope = x.backend, x.backend.allocate((3, 2, *space), x.dtype)
        rest = dict(zip(("bias", "grad", "x", "stride", "padding"), given(x, bias), strict=True))
        by_weight = getattr(backend, f"conv{dimensions}d_by_weight")
        by_weight(slope, **rest) if named else by_weight(slope, *rest.values())
        return x.sum()

    def given(x, bias):
        return bias.data, x.data.narrow(1, 0, 3), x.data.narrow(1, 0, 2), *numbers

    captured, args = mt.capture(step), (mt.ones(4, 3, *space), mt.zeros(3))
    captured(*args)
    with pytest.raises(mt.CaptureError, match=r"writes to its argument of shape \(3,\)"):
        captured(*args)


def test_writing_to_an_argument():
    captured, x = mt.capture(lambda x: x.mul_(2.0)), mt.ones(2)
    captured(x)
    with pytest.raises(mt.CaptureError, match=r"writes to its argument of shape \(2,\)"):
        captured(x)


def test_a_hook_that_was_there_before():
    model = Line()
    captured = warm(model, descent(model))
    model.weight.value.register_hook(lambda grad: grad * 2.0)
    captured(*pair(5))  # as it is written: something has changed
    with pytest.raises(mt.CaptureError, match=r"model.weight.value has a hook"):
        captured(*pair(5))


@pytest.mark.parametrize("give", [lambda m, x: m(x), lambda m, _: m.weight.value])
def test_a_result_with_a_graph(give):
    model = Line()
    captured = mt.capture(lambda x: give(model, x))
    captured(pair(0)[0])
    with pytest.raises(mt.CaptureError, match=r"the step returns a .*, of shape"):
        captured(pair(0)[0])
