"""Results of a step that have one memory, one after the other, and what must keep its own."""

from itertools import pairwise

import numpy as np
import pytest

import mt_tensor as mt
from mt_operators import add, exp, identity, mul, neg
from mt_tensor.capture.lifetimes import shared
from mt_tensor.capture.live import Live
from mt_tensor.capture.tape import Call, Check
from mt_tensor.simple import SimpleBackend
from mt_tensor.tensor_data import TensorData

BACKEND = SimpleBackend()


def fresh(*shape, dtype="float64"):
    return BACKEND.allocate(shape, np.dtype(dtype))


def call(method, *args, **kwargs):
    return Call(method, args, kwargs, "here:1:")


def told(entries, *kept):
    """Share the memory of all tensors but these."""
    everything = {id(a.storage) for e in entries if not isinstance(e, Live) for a in e.tensors}
    return shared(entries, everything - {id(a.storage) for a in kept})


def storages(entries):
    return len({id(a.storage) for e in entries if not isinstance(e, Live) for a in e.tensors})


def chain(length, x):
    """Return calls that each read the result of the one before."""
    results = [x, *(fresh(4) for _ in range(length))]
    return results, [call("map", neg, b, a) for a, b in pairwise(results)]


def test_a_chain_needs_one_place():
    results, calls = chain(9, fresh(4))
    entries, lost = told(calls, results[0], results[-1])
    assert storages(entries) == 3
    assert lost == {id(a.storage) for a in results[1:-1]}
    results[0].storage[:] = [1.0, 2.0, 3.0, 4.0]
    for each in entries:
        each.run(BACKEND)
    assert list(entries[-1].args[1].storage) == [-1.0, -2.0, -3.0, -4.0]
    assert entries[-1].args[1] is results[-1]


def test_what_is_read_later_keeps_its_place():
    results, calls = chain(5, fresh(4))
    out = fresh(4)
    calls.append(call("zip", mul, out, results[1], results[5]))
    entries, _ = told(calls, results[0], out)
    assert storages(entries) == 4
    assert entries[-1].args[2].storage is entries[0].args[1].storage


@pytest.mark.parametrize(
    ("other", "shares"),
    [
        (lambda a: a, True),
        (lambda a: a.transpose(), False),
        (lambda a: TensorData(a.storage, (2, 2), (0, 1)), False),
    ],
    ids=["alike", "turned", "broadcast"],
)
def test_an_operand_gives_its_place_to_the_result_if_they_lie_alike(other, shares):
    x, a, out, last = fresh(2, 2), fresh(2, 2), fresh(2, 2), fresh(2, 2)
    calls = [
        call("map", exp, a, x),
        call("zip", add, out, a, other(a)),
        call("map", neg, last, out),
    ]
    x.storage[:] = range(4)
    for each in calls:
        each.run(BACKEND)
    expected = last.storage.copy()
    entries, _ = told(calls, x, last)
    assert (entries[1].args[1].storage is a.storage) is shares
    for each in entries:
        each.run(BACKEND)
    np.testing.assert_array_equal(last.storage, expected)


@pytest.mark.parametrize("method", ["matmul", "reduce"])
def test_only_elementwise_calls_write_where_they_read(method):
    x, a, out, last = (fresh(1, 1) for _ in range(4))
    operands = {"matmul": (out, a, a), "reduce": (add, out, a)}
    calls = [call("map", exp, a, x), call(method, *operands[method]), call("map", neg, last, out)]
    entries, _ = told(calls, x, last)
    assert next(t for t in entries[1].tensors).storage is not a.storage


def test_a_check_reads():
    results, calls = chain(5, fresh(4))
    seen = []
    calls.append(Check(lambda a: seen.append(a.tolist()), (results[1],), "here:1:"))
    entries, _ = told(calls, results[0], results[5])
    results[0].storage[:] = 2.0
    for each in entries:
        each.run(BACKEND)
    assert seen == [[-2.0] * 4]


def test_other_sizes_and_dtypes_have_places_of_their_own():
    x, a, b, c, d = fresh(4), fresh(4), fresh(2, 3), fresh(4, dtype="float32"), fresh(4)
    calls = [call("map", exp, a, x), call("fill", b, 1.0), call("map", exp, c, x)]
    calls += [call("fill", d, 1.0)]
    entries, lost = told(calls, x)
    assert len(lost) == 4
    assert entries[3].args[0].storage is a.storage
    assert [e.args[k].storage for e, k in ((entries[1], 0), (entries[2], 1))] == [
        b.storage,
        c.storage,
    ]


def test_views_move_with_their_storage():
    x, a, b, out = fresh(2, 3), fresh(2, 3), fresh(2, 3), fresh(3, 2)
    calls = [call("map", exp, a, x), call("map", neg, b, a)]
    calls += [call("map", identity, out, b.transpose())]
    scaled = Live(lambda: 1.0, ())
    spare = [fresh(2, 3), fresh(2, 3)]
    begin = call("zip", add, fresh(2, 3), *spare)
    fills = [call("fill", each, 0.0) for each in spare]
    entries, _ = told([*fills, begin, *calls, scaled], x, out)
    x.storage[:] = range(6)
    for each in entries[:-1]:
        each.run(BACKEND)
    moved = entries[5].args[2]
    assert any(moved.storage is each.storage for each in spare)
    assert moved.strides == (1, 3)
    np.testing.assert_allclose(BACKEND.to_array(out), -np.exp(np.arange(6.0).reshape(2, 3).T))


def half(a):
    return TensorData(a.storage, (2,))


@pytest.mark.parametrize(
    "first",
    [
        lambda a, b: call("map", exp, b, a),  # read, not set
        lambda a, b: call("zip", add, a, a, b),  # read as it is set
        lambda a, b: call("map", exp, half(a), half(b)),  # not all of it
        lambda a, b: call("scatter_add", a, np.array([0, 1]), half(b)),
        lambda a, _: call("of_somebody", a),
        lambda a, _: Check(print, (a,), "here:1:"),
    ],
)
def test_what_is_not_set_at_first_stays(first):
    a, b, spare = fresh(4), fresh(4), fresh(4)
    calls = [call("fill", spare, 0.0), first(a, b), call("map", exp, spare, a)]
    entries, lost = told(calls, b)
    assert id(a.storage) not in lost
    assert entries[2].args[2] is a


@pytest.mark.parametrize("seed", range(20))
def test_any_program_has_the_same_results(seed):
    rng = np.random.default_rng(seed)
    x = fresh(3)
    known, calls = [x], []
    for _ in range(30):
        out = fresh(3)
        a, b = (known[i] for i in rng.integers(max(0, len(known) - 6), len(known), 2))
        calls.append(call("zip", (add, mul)[rng.integers(2)], out, a, b))
        known.append(out)
    kept = [x, *(known[i] for i in rng.integers(1, 31, 3))]
    x.storage[:] = rng.uniform(0.5, 1.0, 3)
    for each in calls:
        each.run(BACKEND)
    wanted = [a.storage.copy() for a in kept]
    entries, _ = told(calls, *kept)
    for _ in range(2):
        for a in kept[1:]:
            a.storage[:] = np.nan
        for each in entries:
            each.run(BACKEND)
        for a, array in zip(kept, wanted, strict=True):
            np.testing.assert_array_equal(a.storage, array)
    assert storages(entries) < storages(calls)


def test_gradients_and_results_of_a_step_stay():
    """A later result must not come to lie on one of them."""
    weight = mt.tensor([2.0, 3.0], requires_grad=True)

    def step(x):
        weight.grad = None
        first = (x * weight).exp()
        first.sum().backward()
        second = first.detach()
        for _ in range(6):
            second = -second
        return second, x + 1.0

    captured = mt.capture(step)
    for i in range(8):
        x = mt.tensor([0.25 * i, 1.0])
        second, more = captured(x)
        wanted = np.exp(x.numpy() * [2.0, 3.0])
        np.testing.assert_allclose(second.numpy(), wanted)
        np.testing.assert_allclose(weight.grad.numpy(), x.numpy() * wanted)
        np.testing.assert_array_equal(more.numpy(), x.numpy() + 1.0)
    assert captured.replayed == 5
