"""Every kernel with work enough for several threads: it is shared, and no bit depends on it."""

import numpy as np
import pytest

from mt_fast.backend import FastBackend
from mt_fast.launching import listeners
from mt_fast.threads import _limit, get_num_threads, set_num_threads
from mt_operators import identity
from mt_tensor.testing import place

BACKEND = FastBackend()
LIMIT = _limit()
SIZE = (1 << 20) + 12_345
ROWS = (20_000, 60)
WINDOWS = ((4, 4), (4, 4))

pytestmark = pytest.mark.skipif(LIMIT == 1, reason="there is one core")


@pytest.fixture(autouse=True)
def _restored():
    before = get_num_threads()
    yield
    set_num_threads(before)


class Recorder:
    """Counts the launches that threads share."""

    def __init__(self):
        self.shared = 0

    def launched(self, launch):
        self.shared += launch.chunk > 0

    def keep(self, array):
        pass

    def numbers(self, pack, args, kwargs):
        return pack(*args, **kwargs)


def put(*shape, seed=0):
    return place(BACKEND, np.random.default_rng(seed).standard_normal(shape, np.float32))


def numbers(count, below):
    return place(BACKEND, np.random.default_rng(1).integers(0, below, count))


def copied(out, a):
    BACKEND.map(identity, out, a)
    return out


def sgd(momentum, *, nesterov=False):
    value, grad = put(SIZE), put(SIZE, seed=1)
    rates = {"lr": 0.1, "momentum": momentum, "dampening": 0.0, "weight_decay": 0.01}

    def run(out):
        velocity = put(SIZE, seed=2) if momentum else None
        BACKEND.sgd_step(copied(out, value), grad, velocity, **rates, nesterov=nesterov)

    return (SIZE,), run


def adam():
    value, grad = put(SIZE), put(SIZE, seed=1)
    rates = {"lr": 0.1, "eps": 1e-8, "weight_decay": 0.01, "betas": (0.9, 0.999), "step": 3}

    def run(out):
        mean, square = put(SIZE, seed=2), place(BACKEND, np.ones(SIZE, np.float32))
        BACKEND.adam_step(copied(out, value), grad, mean, square, **rates, decoupled=False)

    return (SIZE,), run


def pooled(method, *, back=False, first=False):
    images, small = put(40, 40, 28, 28), put(40, 40, 7, 7, seed=1)
    given = ([small] if back else []) + ([images] if first or not back else [])
    shape = images.shape if back else small.shape
    return shape, lambda out: getattr(BACKEND, method)(out, *given, *WINDOWS)


def softmax_gradient():
    grad, y = put(*ROWS), put(*ROWS, seed=1)
    return ROWS, lambda out: BACKEND.log_softmax_by_input(out, grad, y, 1)


def sequences(method):
    x, weight, grad = put(50, 50, 56), put(100, 50, 3), put(50, 100, 56)
    if method == "conv1d":
        return grad.shape, lambda out: BACKEND.conv1d(out, x, weight, None, 1, 1)
    if method == "conv1d_by_input":
        return x.shape, lambda out: BACKEND.conv1d_by_input(out, grad, weight, 1, 1)
    return weight.shape, lambda out: BACKEND.conv1d_by_weight(out, None, grad, x, 1, 1)


def rows(method):
    table, added, column = put(3000, 60), put(*ROWS), put(ROWS[0])
    index, columns = numbers(ROWS[0], 3000), numbers(ROWS[0], 60)

    def add(out):
        copied(out, table)
        BACKEND.add_rows(out, index, added)

    return {
        "take_rows": (ROWS, lambda out: BACKEND.take_rows(out, table, index)),
        "add_rows": (table.shape, add),
        "pick_by_input": (ROWS, lambda out: BACKEND.pick_by_input(out, column, columns)),
    }[method]


def extrema():
    a = put(*ROWS)
    best = place(BACKEND, BACKEND.to_array(a).max(1, keepdims=True))
    grad = put(ROWS[0], 1, seed=1)
    return ROWS, lambda out: BACKEND.extremum_by_input(out, grad, a, best)


def dropout():
    a = put(SIZE)
    return (SIZE,), lambda out: BACKEND.dropout(out, a, 0.5, 7)


KERNELS = {
    "descend": lambda: sgd(0.0),
    "roll": lambda: sgd(0.9),
    "roll, ahead": lambda: sgd(0.9, nesterov=True),
    "adapt": adam,
    "average": lambda: pooled("avg_pool2d"),
    "average, back": lambda: pooled("avg_pool2d_by_input", back=True),
    "maximum": lambda: pooled("max_pool2d"),
    "maximum, back": lambda: pooled("max_pool2d_by_input", back=True, first=True),
    "softmax, back": softmax_gradient,
    "conv1d": lambda: sequences("conv1d"),
    "conv1d by input": lambda: sequences("conv1d_by_input"),
    "conv1d by weight": lambda: sequences("conv1d_by_weight"),
    "rows taken": lambda: rows("take_rows"),
    "rows added": lambda: rows("add_rows"),
    "picked, back": lambda: rows("pick_by_input"),
    "extremum, back": extrema,
    "dropout": dropout,
}


@pytest.mark.parametrize("name", KERNELS)
def test_threads_change_no_bit(name):
    shape, run = KERNELS[name]()

    def result(threads):
        set_num_threads(threads)
        out, recorder = place(BACKEND, np.full(shape, np.nan, np.float32)), Recorder()
        listeners.append(recorder)
        try:
            run(out)
        finally:
            listeners.remove(recorder)
        assert (recorder.shared > 0) == (threads > 1)
        return BACKEND.to_array(out)

    alone = result(1)
    assert not np.isnan(alone).any()
    for threads in range(2, LIMIT + 1):
        np.testing.assert_array_equal(result(threads), alone)
