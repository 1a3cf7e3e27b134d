"""Calls that are remembered: the same results, every reference given back, nothing mistaken."""

import gc
import inspect
import os
import subprocess
import sys
import threading
import tracemalloc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt_fast.backend import FastBackend
from mt_fast.kernels import recalling
from mt_fast.launching import REMEMBERED
from mt_fast.memory import ABLE, Launched, Memory
from mt_fast.pool import SMALLEST
from mt_operators import add, mul, neg, where
from mt_tensor.backend import Backend
from mt_tensor.errors import ShapeError
from mt_tensor.tensor_data import UNWRITTEN, TensorData
from mt_tensor.testing.layouts import place

pytestmark = pytest.mark.skipif(not ABLE, reason="calls are answered by the defaults in this run")

REPEATS = 10_000


@pytest.fixture
def backend():
    return FastBackend()


@pytest.fixture
def missed(monkeypatch):
    """Count the calls that go the long way."""
    calls = []
    for name in ("elementwise", "fold", "product"):
        long_way = getattr(Backend, name)

        def counted(self, *args, long_way=long_way, **kwargs):
            calls.append(args)
            return long_way(self, *args, **kwargs)

        monkeypatch.setattr(Backend, name, counted)
    return calls


@pytest.fixture
def undisturbed():
    """Let no object go while references are counted, but those of the test."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def numbers(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).uniform(1.0, 2.0, shape).astype(dtype)


def placed(backend, *shape, **kinds):
    """Return an array, and a tensor of its elements."""
    array = numbers(*shape, **kinds)
    return array, place(backend, array)


def calls_of(backend):
    """Return one call of each kind, and what NumPy makes of it."""
    (a, x), (b, y), (_, z) = (placed(backend, 4, 4, seed=k) for k in range(3))
    r, row = placed(backend, 4, seed=3)
    return [
        (lambda: backend.elementwise(neg, x), -a),
        (lambda: backend.elementwise(mul, x, y), a * b),
        (lambda: backend.elementwise(add, x, row), a + r),
        (lambda: backend.elementwise(where, x, y, z), b),
        (lambda: backend.fold(add, x, (0,)), a.sum(0, keepdims=True)),
        (lambda: backend.product(x, y), a @ b),
        (lambda: backend.product(x, y, turn_a=True), a.T @ b),
        (lambda: backend.product(x, y, row, turn_b=True), a @ b.T + r),
    ]


CALLS = range(8)


def check(backend, made, wanted):
    np.testing.assert_allclose(backend.to_array(made), wanted, rtol=1e-5)


@pytest.mark.parametrize("which", CALLS)
def test_a_call_like_one_before_does_not_go_the_long_way(backend, missed, which):
    call, wanted = calls_of(backend)[which]
    for _ in range(5):
        check(backend, call(), wanted)
    assert len(missed) == 1


@pytest.mark.parametrize("which", CALLS)
def test_a_result_is_as_one_of_the_long_way(backend, which):
    call, _ = calls_of(backend)[which]
    first, again = call(), call()
    assert type(again) is type(first) is TensorData
    assert again is not first
    assert not np.shares_memory(again.storage, first.storage)
    for name in TensorData.__slots__:
        one, other = getattr(first, name), getattr(again, name)
        np.testing.assert_array_equal(one, other)
        assert type(one) is type(other)
    assert again.storage.dtype is first.storage.dtype
    assert again.storage.flags.owndata
    assert again.storage.flags.writeable
    assert again.last_write is UNWRITTEN
    assert gc.is_tracked(again)


@pytest.mark.parametrize("which", CALLS)
@pytest.mark.usefixtures("undisturbed")
def test_every_reference_is_given_back(backend, which):
    call, _ = calls_of(backend)[which]
    call()
    made = call()
    counted = made.shape, made.strides, made.storage.dtype, 0, UNWRITTEN, None, TensorData
    held = *counted, call.__closure__[-1].cell_contents
    before = [sys.getrefcount(each) for each in held]
    for _ in range(REPEATS):
        call()
    after = [sys.getrefcount(each) for each in held]
    assert all(abs(b - a) < 9 for a, b in zip(before, after, strict=True))  # pytest's own


@pytest.mark.parametrize("which", CALLS)
@pytest.mark.usefixtures("undisturbed")
def test_results_hold_what_they_show(backend, which):
    call, _ = calls_of(backend)[which]
    storage = call().storage
    alone = sys.getrefcount(storage)
    shape = call().shape
    before = sys.getrefcount(shape)
    kept = [call() for _ in range(100)]
    assert sys.getrefcount(shape) == before + 100
    storage = kept.pop().storage
    assert sys.getrefcount(storage) == alone
    del kept
    assert sys.getrefcount(shape) == before


@pytest.mark.parametrize("which", CALLS)
def test_nothing_leaks(backend, which):
    call, _ = calls_of(backend)[which]
    call()
    tracemalloc.start()
    try:
        call()
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(REPEATS):
            call()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < REPEATS


def test_a_result_in_a_cycle_is_collected(backend):
    call, _ = calls_of(backend)[1]
    call()
    made = call()
    cycle = [made]
    made.last_write = cycle
    alive = weakref.ref(made.storage)
    del made, cycle
    assert alive() is not None
    gc.collect()
    assert alive() is None


def test_a_backend_that_nobody_knows_is_collected():
    backend = FastBackend()
    call, _ = calls_of(backend)[1]
    call()
    call()
    alive = weakref.ref(backend)
    del backend, call
    gc.collect()
    assert alive() is None


def test_a_method_outlives_its_backend():
    call = FastBackend().elementwise
    gc.collect()
    a = TensorData(numbers(3), (3,))
    for _ in range(3):
        np.testing.assert_array_equal(call(neg, a).storage, -a.storage)


def test_dtypes_that_take_turns(backend, missed):
    given_as = [placed(backend, 3, dtype=d) for d in ("float32", "float64", "int64", "bool")]
    for _ in range(3):
        for a, x in given_as[:2]:
            for b, y in given_as:
                made = backend.elementwise(add, x, y)
                assert made.dtype == np.result_type(a, b)
                check(backend, made, a + b)
    assert len(missed) == 8


def test_integers_meet_in_the_dtype_of_the_moment(backend, missed):
    _, x = placed(backend, 3, dtype="int64")
    for _ in range(3):
        backend.elementwise(neg, x)
    assert len(missed) == 3


LAYOUTS = st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 5))


@settings(deadline=None)
@given(layouts=st.lists(LAYOUTS, min_size=2, max_size=6))
def test_views_of_any_strides_and_offsets(layouts):
    backend, flat = FastBackend(), numbers(30)
    for _ in range(2):
        for down, right, more in layouts:
            start = more + 3 * max(-down, 0) + 2 * max(-right, 0)
            a = TensorData(flat, (4, 3), (down, right), start)
            wanted = -np.array(
                [[flat[start + i * down + j * right] for j in range(3)] for i in range(4)]
            )
            check(backend, backend.elementwise(neg, a), wanted)
            check(backend, backend.elementwise(mul, a, a), wanted * wanted)


def test_equal_layouts_that_are_other_objects(backend, missed):
    for seed in range(6):
        a = numbers(300, 2, seed=seed)
        x = TensorData(a.reshape(-1), tuple([300, 2]), tuple([2, 1]))  # noqa: C409  not constants
        check(backend, backend.elementwise(neg, x), -a)
    assert len(missed) == 1


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), ()])
def test_axes_are_told_from_others_by_their_items(backend, missed, axes):
    a, x = placed(backend, 4, 4)
    for other in [(0,), (1,), (0, 1), ()]:
        backend.fold(add, x, other)
    missed.clear()
    for _ in range(3):
        again = tuple(d for d in axes)
        check(backend, backend.fold(add, x, again), a.sum(axes, keepdims=True))
    assert missed == []


def test_tensors_in_other_places_of_a_call(backend):
    (a, x), (b, y) = (placed(backend, 3, 3, seed=k) for k in range(2))
    for _ in range(2):
        check(backend, backend.elementwise(mul, x, x), a * a)
        check(backend, backend.elementwise(mul, x, y), a * b)
        check(backend, backend.elementwise(mul, y, x), a * b)
        check(backend, backend.product(x, y, y), a @ b + b)
        check(backend, backend.product(y, x, x), b @ a + a)


def test_tensors_by_keyword_go_the_long_way(backend, missed):
    (a, x), (b, y) = (placed(backend, 3, 3, seed=k) for k in range(2))
    for _ in range(3):
        check(backend, backend.elementwise(mul, a=x, b=y), a * b)
        check(backend, backend.product(x, b=y, turn_a=True), a.T @ b)
    assert len(missed) == 6


def test_names_that_are_made_at_run_time(backend, missed):
    (a, x), (b, y) = (placed(backend, 3, 3, seed=k) for k in range(2))
    for _ in range(3):
        name = f"turn_{'ab'[-1]}"
        assert name is not sys.intern(name)
        check(backend, backend.product(x, y, **{name: True}), a @ b.T)
    assert len(missed) == 3


class Layer(TensorData):
    """A kind of tensor that knows more."""

    __slots__ = ("more",)


def test_subclasses_of_tensors_go_the_long_way(backend, missed):
    a = numbers(3)
    for _ in range(3):
        check(backend, backend.elementwise(neg, Layer(a, (3,))), -a)
    assert len(missed) == 3


class Array(np.ndarray):
    """A kind of array."""


def test_subclasses_of_arrays_go_the_long_way(backend, missed):
    a = numbers(3)
    x = TensorData(a, (3,))
    backend.elementwise(neg, x)
    for _ in range(3):
        check(backend, backend.elementwise(neg, TensorData(a.view(Array), (3,))), -a)
    assert len(missed) == 4


def test_offsets_that_are_no_plain_integers(backend, missed):
    a = numbers(6)
    for at in range(3):
        x = TensorData(a, (3,), (1,), np.int64(at))
        check(backend, backend.elementwise(neg, x), -a[at : at + 3])
    assert len(missed) == 3


def test_a_tensor_without_a_storage(backend):
    x = TensorData(numbers(3), (3,))
    backend.elementwise(neg, x)
    del x.storage
    with pytest.raises(AttributeError, match="storage"):
        backend.elementwise(neg, x)


def test_errors_come_through(backend):
    _, x = placed(backend, 3)
    _, y = placed(backend, 2)
    for _ in range(2):
        with pytest.raises(ShapeError, match=r"add: \(3,\) and \(2,\) do not broadcast"):
            backend.elementwise(add, x, y)
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
            backend.elementwise(add)
        with pytest.raises(TypeError, match="unexpected keyword argument 'turned'"):
            backend.product(x, x, turned=True)


def test_more_arguments_and_items_than_are_described(backend):
    a, x = placed(backend, *[1] * 10)
    for _ in range(2):
        check(backend, backend.fold(add, x, tuple(range(10))), a)
        with pytest.raises(TypeError, match="positional arguments but 13 were given"):
            backend.fold(add, *[x] * 11)


def entry_of(memory):
    (entry,) = memory._entries.values()  # noqa: SLF001
    return entry


def test_memory_that_runs_out(backend):
    _, x = placed(backend, 3)
    backend.elementwise(neg, x)
    dtype = x.storage.dtype
    entry_of(backend.memories["elementwise"]).words[recalling.COUNT] = 1 << 55
    before = sys.getrefcount(dtype)
    for _ in range(100):
        with pytest.raises(MemoryError, match="Unable to allocate"):
            backend.elementwise(neg, x)
    assert abs(sys.getrefcount(dtype) - before) < 10


def test_an_allocation_that_raises(backend, monkeypatch):
    a, x = placed(backend, SMALLEST)
    backend.elementwise(neg, x)

    def refuse(self, size, dtype):
        raise MemoryError(f"no room for {size} of {dtype}")  # noqa: EM102, TRY003

    with monkeypatch.context() as patch:
        patch.setattr(type(backend.pool), "_add", refuse)
        kept = [backend.elementwise(neg, x)]
        backend.pool.empty()
        with pytest.raises(MemoryError, match="no room for 16384 of float32"):
            backend.elementwise(neg, x)
    check(backend, kept[0], -a)
    check(backend, backend.elementwise(neg, x), -a)


def test_an_allocation_that_forgets_the_call(backend):
    a, x = placed(backend, 3)
    made = []

    def method(fn, operand):
        out = backend.allocate((3,), a.dtype)
        backend.map(fn, out, operand)
        words = backend.kernels_of(fn).ready(((3,), (1,), (1,)))[1]
        return out, [Launched(words, (recalling.RESULT, 1))]

    def take(size, dtype):
        memory.clear()
        gc.collect()
        made.append(np.empty(size, dtype))
        return made[-1]

    memory = Memory("forgetful", method, lambda _: take)
    for _ in range(4):
        np.testing.assert_array_equal(memory.call(neg, x).storage, -a)
    assert len(made) == 2


def test_an_allocation_that_changes_an_operand(backend):
    a, x = placed(backend, 3)

    def method(fn, operand):
        out = backend.allocate((3,), operand.dtype)
        backend.map(fn, out, operand)
        words = backend.kernels_of(fn).ready(((3,), (1,), (1,)))[1]
        return out, [Launched(words, (recalling.RESULT, 1))]

    def take(size, dtype):
        x.storage = a.astype("float64")
        return np.empty(size, dtype)

    memory = Memory("changing", method, lambda _: take)
    for _ in range(2):
        np.testing.assert_array_equal(memory.call(neg, x).storage, -a)
    assert x.dtype == "float64"


def test_large_results_come_from_the_pool(backend, missed):
    a, x = placed(backend, SMALLEST)
    backend.elementwise(neg, x)
    kept = backend.pool.kept
    for _ in range(5):
        check(backend, backend.elementwise(neg, x), -a)
    assert backend.pool.kept == kept
    assert len(missed) == 1


def test_a_function_is_forgotten_at_its_end(backend):
    a, x = placed(backend, 3)
    for factor in range(5):
        scope = {"factor": float(factor)}
        exec("def scale(x: float) -> float: return x * factor", scope)  # noqa: S102
        for _ in range(2):
            check(backend, backend.elementwise(scope["scale"], x), a * factor)
        del scope
        gc.collect()
        assert not backend.memories["elementwise"]._entries  # noqa: SLF001


def test_more_calls_than_there_are_places(backend):
    count = 3 * REMEMBERED
    for size in [*range(count), 5, 0, 1]:
        x = TensorData(np.full(size, 2.0), (size,), (1,))
        np.testing.assert_array_equal(backend.elementwise(neg, x).storage, [-2.0] * size)
    held = backend.memories["elementwise"]._entries  # noqa: SLF001
    assert len(held) <= recalling.TABLE - recalling.PLACES


WORDS = st.integers(1, 2**63 - 1)


@given(key=st.lists(WORDS, min_size=1, max_size=20).map(tuple))
def test_places_are_in_the_table(key):
    assert 0 <= recalling.place_of(key) < 1 << recalling.BITS


def test_places_are_spread():
    near = [recalling.place_of((2, 140_000_000_000_000 + 16 * k)) for k in range(512)]
    assert len(set(near)) > 400


def test_slots_are_where_they_are_said_to_be():
    assert sorted(recalling.slots()) == sorted(TensorData.__slots__)
    assert sorted(recalling.slots().values()) == [2, 3, 4, 5, 6]


def test_threads_that_call_at_once(backend):
    call, wanted = calls_of(backend)[1]
    broken = []

    def repeat():
        for _ in range(2000):
            made = backend.to_array(call())
            if not np.allclose(made, wanted):
                broken.append(made)

    threads = [threading.Thread(target=repeat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []


def test_a_method_says_what_it_is(backend):
    assert backend.elementwise.__name__ == "elementwise"
    assert backend.product.__doc__ == "Return a new tensor."
    assert list(inspect.signature(backend.fold).parameters) == ["args", "kwargs"]


PROGRAM = """
import numpy as np
from mt_fast.precompilation import _counted
from mt_operators import neg
from mt_tensor.tensor_data import TensorData

with _counted() as found:
    from mt_fast.backend import FastBackend
    backend, x = FastBackend(), TensorData(np.ones(3), (3,))
    print([backend.elementwise(neg, x).storage.sum() for _ in range(2)])
print(found.count(False), found.count(True))
"""


def test_the_code_is_on_disk_for_the_next_process(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    told = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], check=True, capture_output=True, env=environment
        ).stdout.split()
        for _ in range(2)
    ]
    (*sums, compiled, none), (*again, nothing, loaded) = told
    assert sums == again == [b"[np.float64(-3.0),", b"np.float64(-3.0)]"]
    assert none == nothing == b"0"
    assert compiled == loaded
    assert int(compiled) >= 3
