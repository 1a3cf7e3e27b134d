"""Replays on the CPU: lists of launches that give the bits of the calls they were made of."""

import gc
import threading

import numpy as np
import pytest

import mt_tensor as mt
from mt_fast.backend import FastBackend
from mt_fast.kernels.calling import NOTEBOOK
from mt_fast.kernels.intrinsics.instruction import EXAMINED, INTERPRETED
from mt_fast.launching import PARALLEL_SIZE, listeners
from mt_fast.replaying import Piece, Preparation, player
from mt_fast.threads import _limit, get_num_threads, set_num_threads
from mt_operators import Module, Parameter, add, exp, identity, maximum, mul
from mt_tensor.capture.live import Live
from mt_tensor.capture.tape import Call
from mt_tensor.capture.words import DIRECT
from mt_tensor.testing import LAYOUTS, WRITABLE, arranged, place

BACKEND = FastBackend()
threaded = pytest.mark.skipif(_limit() == 1, reason="kernels have one thread in this run")
RATES = {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}


@pytest.fixture(autouse=True)
def _restored():
    before = get_num_threads()
    yield
    set_num_threads(before)
    assert NOTEBOOK[0] == 0
    assert not listeners


def drawn(*shape, seed=0, dtype="float32"):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def call(method, *args, **kwargs):
    return Call(method, args, kwargs, "here:1:")


def check_replay(calls, *inputs, python=0):
    """Run calls as written and replayed, each time with other inputs; compare every storage.

    `python` is how many of the calls are expected to stay calls.
    """
    tensors = {id(a.storage): a.storage for each in calls for a in each.tensors}
    run = BACKEND.lowered(calls)
    for i in range(4):
        for k, a in enumerate(inputs):
            a.storage[:] = drawn(len(a.storage), seed=7 * i + k, dtype=a.dtype)
        before = {key: storage.copy() for key, storage in tensors.items()}
        for each in calls:
            each.run(BACKEND)
        wanted = {key: storage.copy() for key, storage in tensors.items()}
        for key, storage in tensors.items():
            storage[:] = before[key]
        run()
        for key, storage in tensors.items():
            np.testing.assert_array_equal(storage, wanted[key], strict=True)
        gc.collect(1)  # what is of this test is young
        junk = [np.full(1 << k, np.nan, np.float32) for k in range(6, 18)]  # where memory was freed
        del junk
    assert stayed(calls) == (len(calls) if EXAMINED else python)


def stayed(calls):
    """Count the pieces of a replay that are calls from Python."""
    runs = list(Preparation(BACKEND).runs(calls))
    return sum(not isinstance(run, Piece) for run in runs)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_elementwise_reduce_and_matmul_of_any_layout(layout):
    a = place(BACKEND, arranged(layout, drawn(6, 5)))
    out, total = (place(BACKEND, drawn(*shape)) for shape in ((6, 5), (1, 5)))
    product = place(BACKEND, drawn(6, 6))
    calls = [
        call("map", exp, out, a),
        call("zip", mul, out, out, a),
        call("reduce", add, total, out),
        call("matmul", product, out, a.transpose()),
        call("fill", total, 2.5),
    ]
    check_replay(calls)


@pytest.mark.parametrize("layout", WRITABLE)
def test_memory_of_a_call_is_kept(layout):
    """Results that are not dense go through memory that the call allocates."""
    x, w = place(BACKEND, drawn(20, 2, 7, 6)), place(BACKEND, drawn(3, 2, 3, 3))
    out = place(BACKEND, arranged(layout, drawn(20, 3, 7, 6)))
    slope = place(BACKEND, arranged(layout, drawn(3, 2, 3, 3)))
    shift = place(BACKEND, arranged(layout, drawn(3)))
    product = place(BACKEND, arranged(layout, drawn(6, 5)))
    a, b = place(BACKEND, drawn(6, 4)), place(BACKEND, drawn(4, 5))
    calls = [
        call("conv2d", out, x, w, None, (1, 1), (1, 1)),
        call("conv2d_by_weight", slope, shift, out, x, (1, 1), (1, 1)),
        call("matmul", product, a, b),
        call("dropout", product, product, 0.5, 7),
    ]
    check_replay(calls, x, a)


@pytest.mark.skipif(INTERPRETED, reason="takes minutes in plain Python")
def test_a_fold_in_segments():
    a, out = place(BACKEND, drawn(1 << 21)), place(BACKEND, drawn(1))
    check_replay([call("reduce", add, out, a), call("reduce", maximum, out, a)], a)


def test_calls_of_numpy_stay_calls_in_their_place():
    a, out = place(BACKEND, drawn(8)), place(BACKEND, drawn(4))
    positions = np.array([7, 0, 3, 3])
    calls = [
        call("map", exp, a, a),
        call("gather", out, a, positions),
        call("zip", add, out, out, out),
        call("scatter_add", a, positions, out),
        call("map", identity, out, out),
    ]
    check_replay(calls, a, python=2)


@threaded
def test_threads_change_no_bit():
    size = PARALLEL_SIZE + 4321
    x, y, out = (place(BACKEND, drawn(size, seed=seed)) for seed in range(3))
    calls = [
        call("zip", mul, out, x, y),
        call("map", exp, out, out),
        call("dropout", x, out, 0.3, 5),
    ]
    for prepared in (1, 2):
        set_num_threads(prepared)
        run = BACKEND.lowered(calls)
        x.storage[:] = drawn(size)
        run()
        wanted = x.storage.copy()
        for threads in (2, 1):
            set_num_threads(threads)
            x.storage[:] = drawn(size)
            run()
            np.testing.assert_array_equal(x.storage, wanted)


@threaded
def test_a_replay_goes_back_to_one_thread_where_several_are_slower(monkeypatch):
    x, out = (place(BACKEND, drawn(1 << 20, seed=seed)) for seed in range(2))
    (piece,) = Preparation(BACKEND).runs([call("map", exp, out, x)])
    played, slow = [], {"one": 1.0, "several": 1.0}

    def seconds(play, *tables):
        play(*tables)
        played.append("one" if play is player() else "several")
        return slow[played[-1]]

    monkeypatch.setattr("mt_fast.replaying._seconds", seconds)
    set_num_threads(2)
    for several in (0.5, 2.0):
        slow["several"] = several
        for _ in range(30):
            out.storage[:] = 0.0
            piece()
            np.testing.assert_array_equal(out.storage, exp_of(x).storage)
    assert played[:31] == ["one"] + ["several"] * 30
    assert played[31:] == ["one"] * 8 + ["several"] + ["one"] * 16 + ["several"] + ["one"] * 3


@pytest.mark.parametrize("layout", ["contiguous", "permuted"])
def test_numbers_are_read_anew(layout):
    """From memory where the kernel reads them there, else by a call."""
    rate = {"now": 0.5}
    lr = Live(lambda: rate["now"], ())
    key = Live(lambda: int(rate["now"] * 8), ())
    value, grad = (place(BACKEND, arranged(layout, drawn(6, 5, seed=seed))) for seed in (0, 1))
    calls = [
        call("dropout", grad, grad, 0.5, key),
        call("sgd_step", value, grad, None, lr=lr, **RATES),
    ]
    run = BACKEND.lowered(calls)
    for now in (0.5, 0.25, 2.0, 0.125):
        rate["now"] = now
        grad.storage[:] = drawn(30, seed=3)
        lr.refresh()
        key.refresh()
        kept = place(BACKEND, np.zeros((6, 5), np.float32))
        BACKEND.dropout(kept, grad, 0.5, int(now * 8))
        before, slope = (np.array(BACKEND.to_array(a)) for a in (value, kept))
        run()
        np.testing.assert_allclose(BACKEND.to_array(value), before - now * slope, rtol=1e-6)
    assert stayed(calls) == (2 if EXAMINED else layout != "contiguous")


@pytest.mark.skipif(EXAMINED, reason="no numbers are packed for a kernel that Python starts")
def test_parameters_with_the_same_rate_share_its_numbers():
    lr = Live(lambda: 0.5, ())
    pairs = [[place(BACKEND, drawn(4, seed=s)) for s in (0, 1)] for _ in range(5)]
    calls = [call("sgd_step", *pair, None, lr=lr, **RATES) for pair in pairs]
    assert stayed(calls) == 0
    assert len(lr.watchers) == 1


def test_launches_of_another_thread_are_not_taken_for_those_of_the_step():
    x, out = place(BACKEND, drawn(50)), place(BACKEND, drawn(50))
    other, stop = FastBackend(), threading.Event()

    def elsewhere():
        a = place(other, np.ones(10, np.float32))
        while not stop.is_set():
            other.map(identity, a, a)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    try:
        for _ in range(50):
            run = BACKEND.lowered([call("map", exp, out, x)] * 10)
            run()
            x.storage[:] = drawn(50, seed=5)
            run()
            np.testing.assert_array_equal(out.storage, exp_of(x).storage)
    finally:
        stop.set()
        thread.join()


def exp_of(x):
    out = place(BACKEND, np.zeros(len(x.storage), np.float32))
    BACKEND.map(exp, out, x)
    return out


def test_buffers_of_a_replay_are_never_handed_out():
    x = mt.tensor(drawn(200, 100), backend="fast")
    captured = mt.capture(lambda a: (a * 2.0).exp() + 1.0)
    wanted = captured(x).numpy().tobytes()
    assert {captured(x).numpy().tobytes() for _ in range(4)} == {wanted}
    spare = [mt.zeros(200, 100, dtype="float32", backend="fast") for _ in range(30)]
    assert captured(x).numpy().tobytes() == wanted
    assert not any(t.numpy().any() for t in spare)


def test_an_operator_of_the_user_is_replayed():
    double = mt.op(lambda x: 2.0)(lambda x: 2.0 * x)
    captured, x = mt.capture(lambda a: double(a)), mt.tensor([1.0, 2.0], backend="fast")  # noqa: PLW0108
    results = [captured(x).tolist() for _ in range(6)]
    assert results == [[2.0, 4.0]] * 6
    assert captured.replayed == 3


class Scaled(Module):
    slope = 2.0

    def __init__(self):
        self.weight = Parameter(mt.tensor([2.0], backend="fast"))
        self.parts = [3.0]

    def forward(self, x):
        scaled = x * self.weight.value * self.parts[0] * OPTIONS["scale"]
        return (scaled if self.training else scaled.exp()).detach()


OPTIONS = {"scale": 0.5}


def other_weight(model):
    model.weight.update(mt.tensor([5.0], backend="fast"))


def other_storage(model):
    model.weight.value.data = mt.tensor([7.0], backend="fast").data


def other_part(model):
    model.parts[0] = 4.25


def other_option(_model):
    OPTIONS["scale"] = 0.25


def other_mode(model):
    model.eval()


def other_mode_of_the_class(_model):
    Scaled.training = False


def other_forward(model):
    model.weight = Parameter(mt.tensor([9.0], backend="fast"))


CHANGES = [
    *(other_weight, other_storage, other_part, other_option, other_mode),
    *(other_mode_of_the_class, other_forward),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
def test_a_change_is_seen_by_compiled_code(change, monkeypatch):
    monkeypatch.setitem(OPTIONS, "scale", 0.5)
    model, x = Scaled(), mt.tensor([0.5, 0.25], backend="fast")
    captured = mt.capture(lambda x: model(x))  # noqa: PLW0108  a function to follow
    try:
        for i in range(14):
            if i == 7:
                change(model)
            assert captured(x).tolist() == model(x).tolist(), i
        assert (captured.eager, captured.replayed) == (6, 8)
    finally:
        if "training" in vars(Scaled):
            del Scaled.training


def test_words_are_compared_by_compiled_code():
    words = np.array([3, 5, 0], np.int64)
    pointer = np.array([words.ctypes.data], np.int64)
    rows = np.array([[words.ctypes.data, DIRECT, -1], [pointer.ctypes.data, 8, -1]], np.int64)
    same = BACKEND.compared(rows)
    assert not same.unchanged()
    same.learn()
    assert rows[:, 2].tolist() == [3, 5]
    for k in (0, 1):
        assert same.unchanged()
        words[k] += 1
        assert not same.unchanged()
        same.learn()
    words[2] = 1
    assert same.unchanged()
    pointer[0] += 8
    assert not same.unchanged()


def test_what_is_behind_another_word_is_not_read():
    header = np.array([1, 0], np.int64)  # a size, and a null pointer
    rows = np.array([[header.ctypes.data, DIRECT, 2], [header.ctypes.data + 8, 0, 0]], np.int64)
    assert not BACKEND.compared(rows).unchanged()
