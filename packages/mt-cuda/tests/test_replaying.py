import gc

import numpy as np
import pytest

import mt_tensor as mt
from mt_cuda.device import SIMULATED
from mt_cuda.journal import Journal, active
from mt_cuda.replaying import lowered
from mt_operators import add
from mt_tensor.capture.live import Live
from mt_tensor.capture.tape import Call

RNG = np.random.default_rng(0)
TWO_LAUNCHES = 1000 if SIMULATED else 1 << 16
"""Elements whose sum is taken in parts, for which a call allocates memory."""


def call(method, *args, **kwargs):
    return Call(method, args, kwargs, "here:1:")


@pytest.fixture
def started(backend, monkeypatch):
    """Tell each method that is called."""
    names = []

    def tell(name, method):
        def told(*args, **kwargs):
            names.append(name)
            return method(*args, **kwargs)

        return told

    for name in ("map", "zip", "reduce", "gather", "scatter_add", "sgd_step"):
        monkeypatch.setattr(backend, name, tell(name, getattr(backend, name)))
    return names


def test_calls_are_made_once_and_launches_from_then_on(backend, place, started):
    a, b = place(np.arange(4.0)), place(np.ones(4))
    total = backend.allocate((1,), np.dtype("float64"))
    run = lowered(backend, [call("zip", add, b, b, a), call("reduce", add, total, b)])
    for step in range(1, 5):
        run()
        np.testing.assert_array_equal(backend.to_array(b), 1.0 + step * np.arange(4.0))
        np.testing.assert_array_equal(backend.to_array(total), [4.0 + 6.0 * step])
    assert started == ["zip", "reduce"]


def test_memory_of_a_call_is_kept_for_its_launches(backend, place):
    a = place(RNG.normal(size=TWO_LAUNCHES))
    total = backend.allocate((1,), np.dtype("float64"))
    run = lowered(backend, [call("reduce", add, total, a)])
    run()
    expected = backend.to_array(total).copy()
    others = [backend.full((n,), 9.0, np.dtype("float64")) for n in range(1, 600, 7)]
    run()
    np.testing.assert_array_equal(backend.to_array(total), expected)
    assert all((backend.to_array(t) == 9.0).all() for t in others)


def test_memory_goes_with_the_replay(backend, place):
    a = place(RNG.normal(size=TWO_LAUNCHES))
    total = backend.allocate((1,), np.dtype("float64"))
    gc.collect()
    before = backend.device.pool.in_use
    run = lowered(backend, [call("reduce", add, total, a)])
    run()
    run()
    assert backend.device.pool.in_use > before
    del run
    gc.collect()
    assert backend.device.pool.in_use == before


def test_a_changed_value_takes_the_place_of_the_one_before(backend, place, started):
    rate = iter([1.0, 1.0, 10.0, 10.0, 100.0])
    lr = Live(lambda: next(rate), ())
    value, grad, out = place(np.zeros(8)), place(-np.ones(8)), place(np.zeros(8))
    rates = {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
    steps = [
        call("zip", add, out, out, grad),
        call("sgd_step", value, grad, None, lr=lr, **rates),
        call("zip", add, out, out, grad),
    ]
    run, seen = lowered(backend, steps), []
    for i in range(5):
        if i:
            lr.refresh()
        run()
        seen.append(backend.to_array(value)[0])
    assert seen == [1.0, 2.0, 12.0, 22.0, 122.0]
    np.testing.assert_array_equal(backend.to_array(out), np.full(8, -10.0))
    assert started == ["zip", "sgd_step", "zip", "sgd_step", "sgd_step"]


def test_a_value_that_changes_the_number_of_launches_builds_anew(backend, place):
    twice = Live(lambda: True, ())
    a = place(np.zeros(4))
    ones = place(np.ones(4))

    def grow(*, again):
        backend.zip(add, a, a, ones)
        if again:
            backend.zip(add, a, a, ones)

    backend.grow = grow
    try:
        run = lowered(backend, [call("grow", again=twice)])
        run()
        run()
        twice.compute = lambda: False
        twice.refresh()
        run()
    finally:
        del backend.grow
    np.testing.assert_array_equal(backend.to_array(a), np.full(4, 5.0))


def test_what_is_read_on_the_host_stays_a_call(backend, place, started):
    index = place(np.array([2, 0]))
    table, out = place(np.arange(6.0).reshape(3, 2)), place(np.zeros((2, 2)))

    def look(target, source, which):
        rows = backend.to_array(which)
        backend.gather(target, source, 2 * rows[:, None] + np.arange(2))

    backend.look = look
    try:
        run = lowered(backend, [call("look", out, table, index)])
        for rows in ([2, 0], [1, 1], [0, 2]):
            backend.device.upload(index.storage.memory, np.array(rows))
            run()
            np.testing.assert_array_equal(backend.to_array(out), np.arange(6.0).reshape(3, 2)[rows])
    finally:
        del backend.look
    assert started == ["gather"] * 3


def test_tables_of_positions_are_copied_once(backend, place, started, monkeypatch):
    a, out = place(np.arange(4.0)), place(np.zeros(3))
    run = lowered(backend, [call("scatter_add", out, np.array([1, 1, 0, 2]), a)])
    run()
    monkeypatch.setattr(backend.device, "upload", lambda *_: pytest.fail("copied again"))
    run()
    np.testing.assert_array_equal(backend.to_array(out), [4.0, 2.0, 6.0])
    assert started == ["scatter_add"]


def test_a_dry_journal_runs_nothing(backend, place):
    a = place(np.ones(4))
    journal = Journal(dry=True)
    with journal.opened():
        backend.zip(add, a, a, a)
        assert active.journal is journal
    assert active.journal is None
    assert len(journal.launches) == 1
    assert journal.uploads == 0
    np.testing.assert_array_equal(backend.to_array(a), np.ones(4))


def losses(mt_nn, where, optimizer, dropout, *, captured):
    """Train a small network; return the losses and the weights."""
    generator = mt.Generator(3)
    home = {"backend": where, "dtype": "float64", "generator": generator}
    layers = mt_nn.Sequential(
        *(mt_nn.Conv2d(1, 1, 3, **home), mt_nn.ReLU(), mt_nn.Flatten()),
        *(mt_nn.Dropout(dropout, generator=generator), mt_nn.Linear(4, 3, **home)),
    )
    steps = getattr(mt_nn.optim, optimizer)(layers.parameters(), lr=0.05)
    schedule = mt_nn.optim.lr_scheduler.StepLR(steps, 2, 0.5)

    def step(x, y):
        steps.zero_grad()
        output = mt_nn.functional.log_softmax(layers(x), dim=1)
        loss = mt_nn.functional.nll_loss(output, y)
        loss.backward()
        steps.step()
        return loss.detach()

    take = mt.capture(step) if captured else step
    draw, found = np.random.default_rng(0), []
    for _ in range(7):
        x, y = draw.normal(size=(2, 1, 4, 4)), draw.integers(0, 3, 2)
        found.append(take(mt.tensor(x, backend=where), mt.tensor(y, backend=where)).item())
        schedule.step()
    if captured:
        assert take.replayed == 4
    return found, [np.array(p.value.detach().numpy()) for p in layers.parameters()]


@pytest.mark.skipif(not SIMULATED, reason="only the simulator fills fresh memory with nan")
def test_a_dry_journal_copies_nothing_to_the_device(backend):
    journal = Journal(dry=True)
    with journal.opened():
        storage = backend.from_numpy(np.ones(3))
    assert (journal.uploads, len(journal.memory)) == (1, 1)
    assert np.isnan(backend.to_numpy(storage)).all()


@pytest.mark.parametrize(("optimizer", "dropout"), [("SGD", 0.0), ("Adam", 0.5)])
def test_a_captured_step_has_the_bits_of_the_eager_one(backend, optimizer, dropout):
    mt_nn = pytest.importorskip("mt_nn", reason="needs mt-nn, which mt-cuda does not depend on")
    eager, weights = losses(mt_nn, backend, optimizer, dropout, captured=False)
    captured, others = losses(mt_nn, backend, optimizer, dropout, captured=True)
    assert captured == eager
    for actual, expected in zip(others, weights, strict=True):
        np.testing.assert_array_equal(actual, expected)
