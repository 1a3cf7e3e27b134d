"""Captured steps: replayed bit for bit, and every way to defeat that is seen."""

import re
import threading

import numpy as np
import pytest

import mt_tensor as mt
from mt_operators import Module, Parameter
from mt_tensor.simple import SimpleBackend

XS = [np.random.default_rng(i).standard_normal((4, 3)) for i in range(12)]
YS = [np.random.default_rng(50 + i).standard_normal((4, 2)) for i in range(12)]


@pytest.fixture(autouse=True)
def _home():
    yield
    mt.set_default_backend("simple")
    mt.set_default_dtype("float64")


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


# Ways to defeat it that are met by another recording: the result is that of the step as written.


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


# Ways to defeat it that are refused, with the line to blame.


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
    with pytest.raises(mt.CaptureError, match=r"two steps are not the same: .*test_capture.py:\d+"):
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


def test_the_function_keeps_its_name():
    assert mt.capture(scaled).__name__ == "scaled"
