import gc
import math
import random
import threading
import tracemalloc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_autodiff import (
    Function,
    GradientError,
    Scalar,
    backpropagate,
    central_difference,
    gradients,
    no_grad,
    topological_sort,
)
from mt_operators import relu, where

LONG = 100_000


class Counted(Scalar):
    """A scalar that counts how often the engine goes through one of them."""

    __slots__ = ()
    visits = 0

    def chain_rule(self, grad_output):
        Counted.visits += 1
        return super().chain_rule(grad_output)


def test_derivatives_of_an_expression():
    x, y = Scalar(2.0), Scalar(3.0)
    z = x * y + x.log() / y
    z.backward()
    assert x.derivative == pytest.approx(3.0 + 1.0 / 6.0)
    assert y.derivative == pytest.approx(2.0 - math.log(2.0) / 9.0)


def test_a_variable_used_twice_gets_the_sum():
    x = Scalar(3.0)
    (x * x + x).backward()
    assert x.derivative == 7.0


def test_derivatives_accumulate_over_results():
    x = Scalar(3.0)
    (x * x).backward()
    (2.0 * x).backward()
    assert x.derivative == 8.0


def test_the_gradient_of_the_output_is_a_factor():
    x = Scalar(3.0)
    (x * x).backward(d_output=-0.5)
    assert x.derivative == -3.0


def test_a_leaf_is_its_own_derivative():
    x = Scalar(3.0)
    x.backward()
    assert x.derivative == 1.0


def test_intermediate_results_and_constants_keep_no_derivative():
    x, c = Scalar(3.0), Scalar(2.0, None)
    y = x * c
    (y + 1.0).backward()
    assert (y.derivative, c.derivative, x.derivative) == (None, None, 2.0)


@given(st.lists(st.sampled_from("+*-/sre"), min_size=1, max_size=12), st.integers(0, 1000))
def test_random_expressions_agree_with_differences(steps, seed):
    def f(a, b):
        rng = random.Random(seed)  # noqa: S311  samples, not secrets
        pool = [a, b]
        for step in steps:
            u, v = rng.choice(pool), rng.choice(pool)
            pool.append(
                {
                    "+": lambda u=u, v=v: u + v,
                    "*": lambda u=u, v=v: 0.5 * u * v,
                    "-": lambda u=u, v=v: u - 2.0 * v,
                    "/": lambda u=u, v=v: u / (v * v + 1.0),
                    "s": lambda u=u: u.sigmoid(),
                    "r": lambda u=u: u.tanh(),
                    "e": lambda u=u: (0.1 * u.tanh()).exp(),
                }[step]()
            )
        return pool[-1] * 1.0

    a, b = Scalar(0.7), Scalar(-0.4)
    f(a, b).backward()
    for i, leaf in enumerate((a, b)):
        measured = central_difference(f, Scalar(0.7, None), Scalar(-0.4, None), arg=i)
        assert leaf.derivative or pytest.approx(measured, rel=1e-5, abs=1e-7) == 0.0


def test_a_chain_of_100_000_nodes_goes_back_and_is_freed():
    x = Scalar(1.0)
    y = x
    for _ in range(LONG):
        y = y + 1.0
    assert y.data == LONG + 1.0
    y.backward()
    assert x.derivative == 1.0


def test_a_chain_of_100_000_nodes_is_freed_without_going_back():
    x = Scalar(1.0)
    y = x
    for _ in range(LONG):
        y = y * 1.0
    del y
    assert (x * x).data == 1.0


def test_a_graph_with_2_to_the_200_paths_visits_each_node_once():
    Counted.visits = 0
    x = Counted(1.0)
    y = x
    for _ in range(200):
        y = y * 0.5 + y * 0.5
    y.backward()
    assert x.derivative == 1.0
    assert Counted.visits == 600


@given(st.integers(0, 10_000))
def test_topological_order(seed):
    rng = random.Random(seed)  # noqa: S311  samples, not secrets
    pool = [Scalar(0.1), Scalar(0.2), Scalar(0.3, None)]
    for _ in range(30):
        pool.append(rng.choice(pool) * rng.choice(pool))
    order = topological_sort(pool[-1])
    position = {id(v): i for i, v in enumerate(order)}
    assert len(position) == len(order)
    assert all(not v.is_constant() for v in order)
    assert pool[-1].is_constant() or order[0] is pool[-1]
    for v in order:
        for parent in v.parents:
            assert parent.is_constant() or position[id(parent)] > position[id(v)]


def test_a_constant_depends_on_nothing():
    assert topological_sort(Scalar(1.0, None)) == []


def test_gradients_are_those_of_every_variable_in_order():
    x = Scalar(3.0)
    y = x * x
    z = y + 2.0
    assert [(v is w, g) for (v, g), w in zip(gradients(z, 1.0), [z, y, x], strict=True)] == [
        (True, 1.0),
        (True, 1.0),
        (True, 6.0),
    ]
    assert x.derivative is None


def test_what_gets_no_gradient_is_left_out():
    x, y = Scalar(1.0), Scalar(2.0)
    hidden = y * 2.0
    z = where(hidden, x, 0.0) + x
    found = [v for v, _ in gradients(z, 1.0)]
    assert any(v is x for v in found)
    assert not any(v is y or v is hidden for v in found)
    z.backward()
    assert (x.derivative, y.derivative) == (2.0, None)


def test_a_constant_has_no_backward():
    with pytest.raises(GradientError, match="backward: this Scalar is a constant: nothing was rec"):
        Scalar(1.0, None).backward()
    with no_grad():
        y = Scalar(1.0) * 2.0
    with pytest.raises(GradientError, match="is a constant"):
        y.backward()


def test_a_graph_is_freed_as_it_is_walked():
    x = Scalar(2.0)
    y = x * x
    z = y * 3.0
    z.backward()
    assert list(y.parents) == []
    with pytest.raises(
        GradientError, match=r"mul: its graph was freed by an earlier backward\(\); pass retain_g"
    ):
        z.backward()
    with pytest.raises(GradientError, match="mul: its graph was freed"):
        (y + 1.0).backward()
    assert x.derivative == 12.0


def test_a_graph_can_be_retained():
    x = Scalar(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    backpropagate(y, 1.0)
    assert x.derivative == 12.0
    with pytest.raises(GradientError, match="freed"):
        y.backward()


def test_there_are_no_second_derivatives():
    x = Scalar(2.0)
    y = x * x * x
    with pytest.raises(GradientError, match="create_graph=True, but derivatives are numbers"):
        y.backward(create_graph=True)
    assert x.derivative is None
    y.backward()
    assert type(x.derivative) is float


def test_a_derivative_can_be_differenced():
    def slope(v):
        x = Scalar(v)
        (x * x * x).backward()
        return x.derivative

    assert central_difference(slope, 2.0) == pytest.approx(12.0)


def test_nothing_is_recorded_during_a_walk():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad_output):
            (x,) = ctx.saved_values
            return grad_output * (Scalar(2.0) * x)

    x = Scalar(3.0)
    Square.apply(x).backward()
    assert x.derivative == 6.0


def one_step(weights):
    loss = sum(((w * 0.5 + 1.0).tanh() for w in weights), 0.0)
    loss.backward()
    for w in weights:
        w.data -= 0.01 * w.derivative
        w.derivative = None


def test_memory_stays_flat_over_10_000_steps():
    weights = [Scalar(0.1 * i) for i in range(3)]
    for _ in range(100):
        one_step(weights)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10_000):
        one_step(weights)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 20_000


def test_a_graph_is_freed_without_the_garbage_collector():
    class Watched(Scalar):
        __slots__ = ("__weakref__",)

    gc.disable()
    try:
        x = Watched(2.0)
        y = x * x
        z = y.exp()
        watched = [weakref.ref(y), weakref.ref(z)]
        z.backward()
        del y, z
        assert [r() for r in watched] == [None, None]
        y = x * x
        watched = weakref.ref(y)
        del y
        assert watched() is None
    finally:
        gc.enable()


def test_a_node_is_let_go_as_soon_as_it_is_done():
    alive = []

    class Watched(Scalar):
        __slots__ = ("__weakref__",)

        def chain_rule(self, grad_output):
            alive.append(sum(r() is not None for r in refs))
            return super().chain_rule(grad_output)

    refs = []
    y = Watched(1.0)
    for _ in range(5):
        y = y * 2.0
        refs.append(weakref.ref(y))
    root = [y]
    del y
    backpropagate(root.pop(), 1.0)
    assert alive == [5, 5, 4, 3, 2]  # the result, which the caller holds, and those to be done


def test_threads_do_not_stop_each_other_s_recording():
    seen = []

    def evaluate():
        with no_grad():
            inside.set()
            release.wait(5.0)
            seen.append((Scalar(1.0) * 2.0).is_constant())

    inside, release = threading.Event(), threading.Event()
    thread = threading.Thread(target=evaluate)
    thread.start()
    assert inside.wait(5.0)
    assert not (Scalar(1.0) * 2.0).is_constant()
    release.set()
    thread.join()
    assert seen == [True]


def test_a_gradient_of_nan_is_not_lost():
    x = Scalar(0.0)
    (x / x).backward()
    assert math.isnan(x.derivative)


def test_relu_lets_no_gradient_through_below_zero():
    x = Scalar(-1.0)
    relu(x).backward()
    assert x.derivative == 0.0
