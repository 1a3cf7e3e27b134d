"""What defeats a replay and is met by another recording: the result is that of the step."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_tensor.simple import SimpleBackend

from .steps import XS, YS, Line, check_like_eager, pair, weights


@pytest.fixture(autouse=True)
def _home():
    yield
    mt.set_default_backend("simple")
    mt.set_default_dtype("float64")


def other_shape(i, _model):
    x, y = pair(i)
    return (x[:2].clone(), y[:2].clone()) if i % 3 == 2 else (x, y)


def other_layout(i, _model):
    return mt.tensor(XS[i].T.copy()).permute(1, 0), mt.tensor(YS[i])


def other_mode(i, model):
    model.train(i % 5 != 4)


def other_storage(i, model):
    if i == 6:
        model.weight.update(mt.tensor(np.full((3, 2), 0.25)))


def other_data(i, model):
    if i == 6:
        model.weight.value.data = mt.tensor(np.full((3, 2), 0.25)).data


def other_number(i, model):
    model.slope = 2.0 if i > 5 else 1.0


def other_default(i, _model):
    mt.set_default_backend(SPARE if i > 5 else "simple")
    return tuple(mt.tensor(array, backend="simple") for array in (XS[i], YS[i]))


def other_dtype(i, _model):
    mt.set_default_dtype("float32" if i > 5 else "float64")
    return pair(i)


def frozen(i, model):
    if i == 6:
        model.offset.value.requires_grad_(False)


SPARE = SimpleBackend()
CHANGES = [
    *(other_shape, other_layout, other_mode, other_storage, other_data, other_number),
    *(other_default, other_dtype, frozen),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
def test_a_change_is_seen(change):
    captured = check_like_eager(change, steps=12)
    assert captured.eager > 3


def test_inputs_of_another_dtype_have_a_replay_of_their_own():
    captured = mt.capture(lambda x: x * 0.1)
    for i in range(10):
        x = mt.tensor([0.1 * i], dtype=("float32", "float64")[i % 2])
        result = captured(x)
        assert (result.item(), result.dtype) == ((x * 0.1).item(), x.dtype)
    assert captured.replayed == 4


def test_a_global_number_is_watched(monkeypatch):
    captured = mt.capture(scaled)
    results = []
    for i in range(8):
        monkeypatch.setitem(globals(), "FACTOR", 2.0 if i > 4 else 1.0)
        results.append(captured(mt.tensor([3.0])).item())
    assert results == [3.0] * 5 + [6.0] * 3
    assert captured.eager == 6


def test_a_number_that_was_never_met_is_watched():
    options = {"scale": 1.5}
    captured = mt.capture(lambda x: x * options["scale"])
    for i in range(30):
        options["scale"] = 1.5 + 0.0625 * (i // 6)
        assert captured(mt.tensor([3.0])).item() == 3.0 * options["scale"]
    assert (captured.eager, captured.replayed) == (15, 15)


FACTOR = 1.0


def scaled(x):
    return x * FACTOR


def test_a_gradient_that_is_there_already_is_added_to():
    def step_without_forgetting(model):
        def step(x, y):
            error = model(x) - y
            loss = (error * error).mean()
            loss.backward()
            model.move()
            return loss

        return step

    def forget_sometimes(i, model):
        if i < 7:
            model.forget()

    captured = check_like_eager(forget_sometimes, step_without_forgetting, steps=8)
    assert (captured.eager, captured.replayed) == (4, 4)


def test_a_gradient_that_is_read_must_be_the_one_that_was():
    models = Line(), Line()
    steps = models[0].move, mt.capture(models[1].move)
    for i in range(12):
        for model, step in zip(models, steps, strict=True):
            for p in model.parameters():
                if i in {0, 7}:
                    p.value.grad = mt.full(p.value.shape, 0.25)
                p.value.grad.mul_(0.5)
            step()
        assert weights(models[0]) == weights(models[1]), i
    assert steps[1].replayed == 4 + 2


def test_a_parameter_that_had_no_gradient_may_get_one():
    models = Line(), Line()
    steps = models[0].move, mt.capture(models[1].move)
    for i in range(10):
        for model, step in zip(models, steps, strict=True):
            if i == 0:
                model.weight.value.grad = mt.full((3, 2), 0.5)
            if i == 6:
                model.offset.value.grad = mt.ones(2)
            step()
        assert weights(models[0]) == weights(models[1]), i


def test_an_input_with_a_gradient_is_not_replayed():
    captured = mt.capture(lambda x: (x * x).detach())
    for _ in range(5):
        assert captured(mt.tensor([3.0], requires_grad=True)).item() == 9.0
    assert captured.replayed == 0
    assert "requires a gradient" in captured.reason


def test_an_argument_that_is_neither_tensor_nor_plain():
    captured = mt.capture(lambda xs: xs[0] + xs[1])
    for _ in range(5):
        assert captured([mt.tensor([3.0]), mt.tensor([1.0])]).item() == 4.0
    assert captured.replayed == 0
    assert captured.reason == "an argument is a list, not a tensor or a plain value"


def test_a_subclass_of_tensor_is_not_replayed():
    class Odd(mt.Tensor):
        __slots__ = ()

    captured = mt.capture(lambda x: x)
    for _ in range(5):
        captured(Odd(mt.ones(2).data, mt.default_backend()))
    assert captured.reason == "an argument is a Odd, not a Tensor"


def test_recording_mode_is_watched():
    model = Line()
    captured = mt.capture(lambda x: model(x).detach())
    for i in range(10):
        with mt.no_grad():
            inside = captured(pair(i)[0])
        np.testing.assert_array_equal(inside.numpy(), model(pair(i)[0]).detach().numpy())
        captured(pair(i)[0])
    assert captured.replayed > 8
