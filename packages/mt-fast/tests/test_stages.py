"""Stages: what may run at the same time, and what follows image by image; and playing them."""

import ctypes
from math import gcd

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_fast.backend import FastBackend
from mt_fast.chains import Chain, Task
from mt_fast.kernels.intrinsics.instruction import EXAMINED
from mt_fast.kernels.playing import play_together
from mt_fast.pads import Life, Pads, lives
from mt_fast.replaying import Preparation, player, shared_player
from mt_fast.stages import _calls as calls_of
from mt_fast.stages import score
from mt_fast.threads import _limit
from mt_operators import add, mul, relu
from mt_tensor.capture.tape import Call
from mt_tensor.testing import place

pytestmark = pytest.mark.skipif(EXAMINED, reason="a replay makes its calls from Python then")

BACKEND = FastBackend()
alive = []
AROUND = ((1, 1), (1, 1))
WINDOWS = ((4, 4), (4, 4))


@pytest.fixture(autouse=True)
def _forgotten():
    yield
    alive.clear()


def put(*shape, seed=0):
    return place(BACKEND, np.random.default_rng(seed).standard_normal(shape).astype("float32"))


def tasks_of(*calls):
    """Return the launches of calls, with what they touch."""
    preparation = Preparation(BACKEND)
    alive.append(preparation)  # it keeps what the calls allocate for themselves
    made = [preparation.made(Call(name, args, {}, "here:1:")) for name, *args in calls]
    return [task for each in made for task in each]


def arranged(tasks, heavy=None, threads=2):
    return score(tasks, heavy or [True] * len(tasks), threads)[0]


def stage_sizes(told):
    return np.diff(told.stages).tolist()


def network(images):
    """Return a convolution, an activation and a pooling, each of what is before it."""
    x, w, b = put(images, 2, 8, 8), put(4, 2, 3, 3, seed=1), put(4, seed=2)
    h, a, p = put(images, 4, 8, 8), put(images, 4, 8, 8), put(images, 4, 2, 2)
    calls = ("conv2d", h, x, w, b, *AROUND), ("map", relu, a, h), ("avg_pool2d", p, a, *WINDOWS)
    return calls, (x, h, a, p)


@pytest.mark.parametrize(("images", "stages"), [(2, [2]), (16, [2]), (6, [2]), (7, [2, 2])])
def test_images_go_through_what_follows_block_by_block(images, stages):
    """Where blocks cut it evenly: 7 images cannot be halved, their pixels and channels can."""
    tasks = tasks_of(*network(images)[0])
    told = arranged(tasks)
    assert stage_sizes(told) == stages
    if len(stages) == 1:
        kernels = [task.launch.address for task in tasks]
        assert told.calls[:, 0].tolist() == kernels * 2


def test_independent_products_are_parts_of_one_stage():
    a, b, one, two = (put(8, 8, seed=k) for k in range(4))
    tasks = tasks_of(("matmul", one, a, b), ("matmul", two, b, a))
    assert stage_sizes(arranged(tasks)) == [2]


CLASHES = {
    "read after write": lambda a, b, c: (("matmul", b, a, a), ("matmul", c, b, a)),
    "write after read": lambda a, b, c: (("matmul", b, a, a), ("matmul", a, c, c)),
    "write after write": lambda a, b, c: (("matmul", b, a, a), ("matmul", b, c, c)),
}


@pytest.mark.parametrize("clash", CLASHES.values(), ids=CLASHES)
def test_what_clashes_keeps_its_order(clash):
    a, b, c = (put(8, 8, seed=k) for k in range(3))
    tasks = tasks_of(*clash(a, b, c))
    told = arranged(tasks)
    assert stage_sizes(told) == [1]
    assert told.calls[:, 4].tolist() == [task.launch.data.ctypes.data for task in tasks]


def test_memory_that_overlaps_in_part_clashes():
    whole = np.zeros(96, np.float32)
    a, b = (place(BACKEND, whole[k : k + 64]) for k in (0, 32))
    a.storage, b.storage = whole[:64], whole[32:]
    c, d = put(64), put(64)
    tasks = tasks_of(("map", relu, a, c), ("map", relu, d, b))
    assert stage_sizes(arranged(tasks)) == [2, 2]


def test_a_broadcast_operand_is_not_cut_into_shares():
    a, row, out = put(16, 16), put(1, 16), put(16, 16)
    wide = row.restrided((16, 16), (0, 1))
    tasks = tasks_of(("map", relu, row, row), ("zip", add, out, a, wide))
    assert len(stage_sizes(arranged(tasks))) == 2


def test_what_is_left_of_a_call_does_not_cut_a_chain_short():
    """A gradient by kernels is added up behind the chain; what follows still goes on with it."""
    x, w, dw, db = put(32, 2, 8, 8), put(4, 2, 3, 3), put(4, 2, 3, 3), put(4)
    g, dx, dh = put(32, 4, 8, 8), put(32, 2, 8, 8), put(32, 2, 8, 8)
    calls = (
        ("map", relu, g, put(32, 4, 8, 8)),
        ("conv2d_by_input", dx, g, w, *AROUND),
        ("conv2d_by_weight", dw, db, g, x, *AROUND),
        ("map", relu, dh, dx),
    )
    tasks = tasks_of(*calls)
    assert len(tasks) == 6
    told = arranged(tasks, [True, True, True, False, False, False])
    assert stage_sizes(told) == [2, 2]
    (begin, end), kernels = told.parts[:2], [tasks[k].launch.address for k in (0, 1, 2, 5)]
    assert told.calls[begin:end, 0].tolist() == kernels


@pytest.mark.parametrize("images", [20, 31])
def test_gradients_by_kernels_that_are_not_of_equal_numbers_of_images(images):
    """31 images are 4 sums, of 8, 8, 8 and 7; 20 are 3, of 7, 7 and 6: no share of a unit."""
    g, x, w, dw = put(images, 4, 8, 8), put(images, 2, 8, 8), put(4, 2, 3, 3), put(4, 2, 3, 3)
    _, task, _ = tasks_of(
        ("conv2d_by_input", put(images, 2, 8, 8), g, w, *AROUND),
        ("conv2d_by_weight", dw, None, g, x, *AROUND),
    )
    assert task.launch.units == -(-images // 8)
    assert not task.shares


def backward(images):
    """Return what goes back through an activation and a convolution, and what it reads and leaves.

    The gradients between are needed in it alone.
    """
    p, h, x, w = put(images, 4, 2, 2), put(images, 4, 8, 8), put(images, 2, 8, 8), put(4, 2, 3, 3)
    g, dx, dw, db = put(images, 4, 8, 8), put(images, 2, 8, 8), put(4, 2, 3, 3), put(4)
    calls = (
        ("avg_pool2d_by_input", g, p, *WINDOWS),
        ("zip", mul, g, g, h),
        ("conv2d_by_weight", dw, db, g, x, *AROUND),
        ("conv2d_by_input", dx, g, w, *AROUND),
    )
    return calls, (p, h, x, w), g, (dx, dw, db)


def addresses(*tensors):
    return {t.storage.ctypes.data for t in tensors}


@pytest.mark.skipif(_limit() == 1, reason="there is one core")
@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_chain_alone_needs_lies_in_pads(threads):
    calls, _, between, results = backward(32)
    tasks = tasks_of(*calls)
    wanted = [t.storage.copy() for t in results]
    told, pads = score(tasks, [True] * len(tasks), 2, addresses(between))
    between.storage[:] = 7.0
    for t in results:
        t.storage[:] = np.nan
    marks = np.zeros(len(told.parts) + len(told.stages), np.int64)
    for _ in range(20):
        shared_player()(*told, marks, threads)
        for t, want in zip(results, wanted, strict=True):
            np.testing.assert_array_equal(t.storage, want)
    assert (between.storage == 7.0).all()
    del pads


def test_one_thread_uses_the_first_pad():
    calls, _, between, results = backward(16)
    tasks = tasks_of(*calls)
    wanted = [t.storage.copy() for t in results]
    told, pads = score(tasks, [True] * len(tasks), 2, addresses(between))
    between.storage[:] = 7.0
    player()(told.calls)
    for t, want in zip(results, wanted, strict=True):
        np.testing.assert_array_equal(t.storage, want)
    assert (between.storage == 7.0).all()
    del pads


def flat(a):
    return a.restrided((a.size,), (1,))


KEEPING = {
    "someone looks there": lambda calls, g: (calls, ()),
    "it is read elsewhere": lambda calls, g: ((*calls, ("reduce", add, put(1), flat(g))), (g,)),
}


@pytest.mark.parametrize("case", KEEPING.values(), ids=KEEPING)
def test_what_is_needed_elsewhere_stays_where_it_is(case):
    calls, _, between, _ = backward(16)
    calls, own = case(calls, between)
    tasks = tasks_of(*calls)
    told, pads = score(tasks, [True] * len(tasks), 2, addresses(*own))
    between.storage[:] = 7.0
    player()(told.calls)
    assert (between.storage != 7.0).any()
    del pads


def test_memory_that_is_set_twice_holds_two_things():
    a, b, c, d = (put(8, seed=k) for k in range(4))
    tasks = tasks_of(
        ("map", relu, a, b), ("map", relu, c, a), ("map", relu, a, d), ("zip", add, d, a, a)
    )
    assert [life.tasks for life in lives(tasks, addresses(a))] == [tasks[:2], tasks[2:]]
    assert list(lives(tasks, ())) == []


def test_pads_begin_with_lines_of_the_cache_and_do_not_overlap():
    calls, _, between, _ = backward(16)
    tasks = tasks_of(*calls)
    (life,) = lives(tasks, addresses(between))
    assert isinstance(life, Life)
    chain = Chain(tasks[:3], 2)
    pads = Pads([life._replace(tasks=tasks[:3])], 3)
    pads.admit(chain)
    starts = [
        [np.ctypeslib.as_array(pointer(a), (1,))[0] for a in data]
        for data in (pads.data(chain, tasks[0], part) for part in (0, 1))
    ]
    half = between.storage.nbytes // 2
    assert (np.diff(starts[0]) >= half).all()
    assert all(first % 64 == 0 for first in starts[0])
    assert np.subtract(starts[0], starts[1]).tolist() == [half] * 3


def pointer(address):
    return ctypes.cast(address, ctypes.POINTER(ctypes.c_int64))


def test_light_launches_are_one_part():
    a, b = put(8), put(8)
    tasks = tasks_of(*[("zip", mul, a, a, b)] * 5)
    told = arranged(tasks, [False] * 5)
    assert (told.parts.tolist(), told.stages.tolist()) == ([0, 5], [0, 1])


def test_an_empty_launch_is_no_call():
    a, b = put(0, 3), put(0, 3)
    tasks = tasks_of(("map", relu, a, b))
    assert len(arranged(tasks, [False]).calls) == 0


@given(st.lists(st.integers(1, 48), min_size=1, max_size=4), st.integers(1, 4))
def test_parts_of_a_chain_cut_the_units_of_all_tasks_evenly(units, threads):
    (task,) = tasks_of(("map", relu, put(8), put(8)))
    chain = Chain([], units[0])
    for each in units:
        chain.append(Task(task.launch._replace(units=each), *task[1:]))
    assert chain.parts == gcd(*units)
    if len(units) > 1:
        pads = Pads([], threads)
        pads.admit(chain)
        for k in range(len(units)):
            parts = [list(calls_of(chain, p, chain.parts, pads)) for p in range(chain.parts)]
            sizes = {part[k][3] - part[k][2] for part in parts}
            assert sizes == {units[k] // chain.parts}


@pytest.mark.skipif(_limit() == 1, reason="there is one core")
@pytest.mark.parametrize("threads", [1, 2])
def test_played_together_gives_the_bits_of_calls_in_order(threads):
    calls, tensors = network(32)
    tasks = tasks_of(*calls)
    told = arranged(tasks)
    wanted = [t.storage.copy() for t in tensors]
    marks = np.zeros(len(told.parts) + len(told.stages), np.int64)
    for _ in range(20):
        for t in tensors[1:]:
            t.storage[:] = np.nan
        shared_player()(*told, marks, threads)
        for t, want in zip(tensors, wanted, strict=True):
            np.testing.assert_array_equal(t.storage, want)


def test_one_thread_alone_does_all_parts(monkeypatch):
    """What the other would do is done by whoever comes; here in plain Python."""
    done = []
    monkeypatch.setattr("mt_fast.kernels.playing.call_at", lambda *call: done.append(call[0]))
    monkeypatch.setattr("mt_fast.kernels.playing.take", taken)
    monkeypatch.setattr("mt_fast.kernels.playing.add_one", added)
    monkeypatch.setattr("mt_fast.kernels.playing.wait", waited)
    monkeypatch.setattr("mt_fast.kernels.playing.prange", range)
    calls = np.array([[k, 0, 0, 1, 0, 0] for k in range(6)])
    parts, stages = np.array([0, 1, 3, 4, 6]), np.array([0, 2, 4])
    play_together(calls, parts, stages, np.ones(7, np.int64), 2)
    assert done == [0, 1, 2, 3, 4, 5]


def taken(marks, at):
    before, marks[at] = marks[at], 1
    return before == 0


def added(marks, at):
    marks[at] += 1


def waited(marks, at, count):
    assert marks[at] == count
