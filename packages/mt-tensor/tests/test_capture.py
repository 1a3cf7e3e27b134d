"""What a replay of a step does: the same bits, by the same memory, on one thread at a time."""

import threading

import numpy as np
import pytest

import mt_tensor as mt

from .steps import XS, Line, check_like_eager, descent, nothing, pair, warm, weights


def test_it_replays_from_the_fourth_step_on():
    captured = check_like_eager(nothing)
    assert (captured.eager, captured.replayed) == (3, 7)
    assert captured.reason == "recorded"


def test_results_are_copies_and_gradients_are_overwritten():
    model = Line()
    captured = warm(model, descent(model))
    first = captured(*pair(5)).detach()
    kept, grad = first.numpy().copy(), model.weight.value.grad
    slope = grad.numpy().copy()
    captured(*pair(6))
    np.testing.assert_array_equal(first.numpy(), kept)
    assert model.weight.value.grad is grad
    assert (grad.numpy() != slope).any()


def test_what_a_step_may_return():
    def parts(x):
        return {"sum": x + 1.0, "both": (x, [x * 2.0]), "size": 3, "none": None}

    captured = mt.capture(parts)
    for i in range(6):
        result = captured(mt.tensor([float(i)]))
    assert captured.replayed == 3
    assert result["sum"].tolist() == [6.0]
    assert [result["both"][0].tolist(), result["both"][1][0].tolist()] == [[5.0], [10.0]]
    assert (result["size"], result["none"], type(result["both"])) == (3, None, tuple)


def test_plain_arguments_and_keywords_choose_the_replay():
    captured = mt.capture(lambda x, *, scale: x * scale)
    results = [captured(mt.tensor([2.0]), scale=s).item() for s in [1.0, 3.0] * 5]
    assert results == [2.0, 6.0] * 5
    assert captured.replayed == 4


def test_a_value_of_each_step_is_computed_anew():
    state = {"rate": 1.0, "count": 0}

    def count():
        state["count"] += 1
        return state["count"]

    def step(x):
        out = x.backend.allocate(x.shape, x.dtype)
        x.backend.dropout(out, x.data, 0.5, mt.live(count, (state, "count")))
        x.backend.sgd_step(
            out,
            x.data,
            None,
            lr=mt.live_item(state, "rate"),
            momentum=0.0,
            dampening=0.0,
            weight_decay=0.0,
            nesterov=False,
        )
        return mt.Tensor(out, x.backend)

    captured, x = mt.capture(step), mt.ones(40)
    for i in range(8):
        state["rate"] = 1.0 + i
        wanted = np.zeros(40)
        x.backend.dropout(out := x.backend.allocate((40,), x.dtype), x.data, 0.5, i + 1)
        wanted = x.backend.to_array(out) - (1.0 + i)
        np.testing.assert_array_equal(captured(x).numpy(), wanted)
    assert captured.replayed == 5
    assert state["count"] == 8


CONSTANTS = {
    "zeros": lambda: mt.zeros(2, 3),
    "ones": lambda: mt.ones(2, 3),
    "full": lambda: mt.full((2, 3), 7.0),
    "eye": lambda: mt.eye(2, 3),
    "arange": lambda: mt.arange(6.0).view(2, 3),
    "linspace": lambda: mt.linspace(0.0, 1.0, 6).view(2, 3),
    "constant": lambda: mt.constant(np.tri(2, 3)),
}


@pytest.mark.parametrize("make", CONSTANTS.values(), ids=CONSTANTS)
def test_a_tensor_that_is_the_same_in_each_step_may_be_made_in_it(make):
    captured = mt.capture(lambda x: make().add_(x).mul_(2.0))
    for i in range(6):
        x = mt.full((2, 3), float(i))
        np.testing.assert_array_equal(captured(x).numpy(), (make().numpy() + i) * 2.0)
    assert captured.replayed == 3


def test_triangles_are_captured():
    captured = mt.capture(lambda x: mt.tril(x) - mt.triu(x, 1))
    for i in range(6):
        x = XS[i]
        np.testing.assert_array_equal(captured(mt.tensor(x)).numpy(), np.tril(x) - np.triu(x, 1))
    assert captured.replayed == 3


def test_a_constant_that_is_none():
    numbers = iter(np.arange(10.0))
    captured = mt.capture(lambda x: x + mt.constant([next(numbers)]))
    captured(mt.ones(2))
    captured(mt.ones(2))
    with pytest.raises(mt.CaptureError, match="made of other numbers in one step than in the next"):
        captured(mt.ones(2))


def test_an_attribute_that_a_value_reads_may_change():
    class Rate:
        now = None

        def __init__(self):
            self.now = 1.0

        def __call__(self, x):
            out = x.backend.allocate(x.shape, x.dtype)
            x.backend.fill(out, mt.live(lambda: self.now, (self, "now")))
            return mt.Tensor(out, x.backend)

    rate = Rate()
    captured = mt.capture(rate)
    for i in range(6):
        rate.now = float(i)
        assert captured(mt.ones(2)).tolist() == [float(i)] * 2
    assert captured.replayed == 3


def test_a_check_is_repeated_and_its_error_is_that_of_the_step():
    model = Line()

    def check(x):
        if (x > 9.0).any():
            message = "too large"
            raise ValueError(message)

    def step(x, y):
        model.forget()
        mt.each_time(check, x)
        error = model(x) - y
        loss = (error * error).mean()
        loss.backward()
        model.move()
        return loss

    captured = warm(model, step, 6)
    before = weights(model)
    with pytest.raises(ValueError, match="too large"):
        captured(mt.full((4, 3), 10.0), pair(0)[1])
    assert weights(model) == before
    assert model.weight.value.grad is None
    assert np.isfinite(captured(*pair(7)).item())
    assert captured.replayed == 5


def test_a_graph_from_before_a_replay_is_out_of_date():
    model = Line()
    captured = warm(model, descent(model))
    kept = model(pair(0)[0]).sum()
    captured(*pair(5))
    with pytest.raises(mt.GradientError, match="has been written in place since"):
        kept.backward()


def test_memory_stays_where_it_is():
    model = Line()
    captured = warm(model, descent(model))
    spare = [mt.zeros(4, 2) for _ in range(50)]
    before = weights(model)
    for i in range(5, 9):
        captured(*pair(i))
    assert all(not t.numpy().any() for t in spare)
    assert weights(model) != before


def test_a_step_that_calls_itself():
    def step(x):
        return captured(x)

    captured = mt.capture(step)
    with pytest.raises(mt.CaptureError, match="the step is running already"):
        captured(mt.ones(2))


def test_a_second_thread():
    entered, leave, errors = threading.Event(), threading.Event(), []

    def step(x):
        entered.set()
        leave.wait(10.0)
        return x

    captured = mt.capture(step)
    thread = threading.Thread(target=captured, args=(mt.ones(2),))
    thread.start()
    entered.wait(10.0)
    try:
        with pytest.raises(mt.CaptureError, match="on another thread"):
            captured(mt.ones(2))
    finally:
        leave.set()
        thread.join()
    assert not errors


def test_what_another_thread_computes_is_not_recorded():
    go, done = threading.Event(), threading.Event()

    def elsewhere():
        go.wait(10.0)
        (mt.ones(3) * 5.0).sum().item()
        done.set()

    def step(x):
        go.set()
        done.wait(10.0)
        return x + 1.0

    captured = mt.capture(step)
    for _ in range(5):
        go.clear()
        done.clear()
        thread = threading.Thread(target=elsewhere)
        thread.start()
        assert captured(mt.ones(2)).tolist() == [2.0, 2.0]
        go.set()  # a replay does not
        thread.join()


def test_the_function_keeps_its_name():
    assert mt.capture(pair).__name__ == "pair"


def test_an_argument_may_be_a_part_of_a_longer_storage():
    """Then its elements are not those of the storage, one by one."""
    double = mt.capture(lambda x: x + x)
    long = np.arange(12.0)
    for start in range(8):
        part = mt.tensor(long)[start : start + 4]
        given = part if start % 2 else mt.tensor(long[start : start + 4])
        np.testing.assert_array_equal(double(given).numpy(), 2 * long[start : start + 4])
    assert double.replayed == 5
