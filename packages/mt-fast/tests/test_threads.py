"""The number of threads: how it is set, and that no result depends on it."""

import os
import subprocess
import sys

import numpy as np
import pytest

from mt_fast.backend import FastBackend
from mt_fast.dropout import PARALLEL_COUNTERS
from mt_fast.launching import PARALLEL_SIZE
from mt_fast.threads import _limit, get_num_threads, set_num_threads
from mt_operators import add, exp, maximum, mul
from mt_tensor.errors import BackendError
from mt_tensor.testing import place

BACKEND = FastBackend()
LIMIT = _limit()
MANY = range(2, LIMIT + 1)

needs_threads = pytest.mark.skipif(LIMIT == 1, reason="there is one core")


@pytest.fixture(autouse=True)
def _restored():
    before = get_num_threads()
    yield
    set_num_threads(before)


def normal(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def result(threads, shape, run):
    set_num_threads(threads)
    out = place(BACKEND, np.full(shape, np.nan, np.float32))
    run(out)
    return BACKEND.to_array(out)


def check_equal(shape, run):
    alone = result(1, shape, run)
    assert not np.isnan(alone).any()
    for threads in MANY:
        np.testing.assert_array_equal(result(threads, shape, run), alone)


@needs_threads
def test_map_and_zip():
    size = PARALLEL_SIZE + 12_345
    x, y = (place(BACKEND, normal(size, seed=seed)) for seed in (0, 1))
    check_equal((size,), lambda out: BACKEND.map(exp, out, x))
    check_equal((size,), lambda out: BACKEND.zip(mul, out, x, y))


@needs_threads
def test_strided_operands():
    shape = (1100, 1003)
    x, y = place(BACKEND, normal(*shape[::-1]).T), place(BACKEND, normal(shape[1]))
    check_equal(shape, lambda out: BACKEND.zip(add, out, x, y.expand(shape)))


@needs_threads
@pytest.mark.parametrize("op", [add, maximum])
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("shape", [(1500, 1001), (7, 300_001), (400_001, 5)])
def test_reduce(op, axes, shape):
    x = place(BACKEND, normal(*shape))
    kept = tuple(1 if d in axes else n for d, n in enumerate(shape))
    check_equal(kept, lambda out: BACKEND.reduce(op, out, x))


@needs_threads
@pytest.mark.parametrize("shape", [(700, 301, 401), (301, 301, 900), (1, 5000, 9000)])
def test_matmul(shape):
    m, k, n = shape
    a, b = place(BACKEND, normal(m, k)), place(BACKEND, normal(k, n))
    check_equal((m, n), lambda out: BACKEND.matmul(out, a, b))


@needs_threads
@pytest.mark.parametrize("shape", [(16, 3001, 1003), (1, 5000, 9000), (2001, 901, 5)])
def test_dot_products(shape):
    m, k, n = shape
    a, b = place(BACKEND, normal(m, k)), place(BACKEND, normal(n, k).T)
    check_equal((m, n), lambda out: BACKEND.matmul(out, a, b))


@needs_threads
def test_batches_of_matrices():
    a, b = place(BACKEND, normal(6, 180, 190)), place(BACKEND, normal(6, 190, 170))
    check_equal((6, 180, 170), lambda out: BACKEND.matmul(out, a, b))


@needs_threads
def test_convolution_and_pooling():
    x, weight, grad = normal(40, 4, 28, 28), normal(8, 4, 3, 3), normal(40, 8, 28, 28)
    x, weight, grad = (place(BACKEND, array) for array in (x, weight, grad))
    ones = ((1, 1), (1, 1))
    check_equal(grad.shape, lambda out: BACKEND.conv2d(out, x, weight, None, *ones))
    check_equal(x.shape, lambda out: BACKEND.conv2d_by_input(out, grad, weight, *ones))
    check_equal(weight.shape, lambda out: BACKEND.conv2d_by_weight(out, None, grad, x, *ones))
    check_equal((8,), lambda out: BACKEND.conv2d_by_weight(weight, out, grad, x, *ones))
    images, pooled = place(BACKEND, normal(40, 40, 28, 28)), (40, 40, 7, 7)
    check_equal(pooled, lambda out: BACKEND.avg_pool2d(out, images, (4, 4), (4, 4)))


@needs_threads
def test_log_softmax():
    x = place(BACKEND, normal(20_000, 60))
    check_equal(x.shape, lambda out: BACKEND.log_softmax(out, x, 1))


@pytest.mark.parametrize("count", [0, -1, LIMIT + 1])
def test_a_number_that_cannot_be(count):
    with pytest.raises(BackendError, match=f"set_num_threads: {count} threads; there can be 1 to"):
        set_num_threads(count)


def in_new_process(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


SHOW = "from mt_fast.threads import get_num_threads; print(get_num_threads())"


def test_the_environment_decides():
    assert in_new_process(SHOW, MT_NUM_THREADS="1").stdout == "1\n"
    assert in_new_process(SHOW, MT_NUM_THREADS="").stdout == f"{LIMIT}\n"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("two", "MT_NUM_THREADS: 'two' is not a number of threads"),
        ("0", "MT_NUM_THREADS: 0 threads; there can be 1 to"),
    ],
)
def test_an_environment_that_makes_no_sense(value, message):
    assert message in in_new_process(SHOW, MT_NUM_THREADS=value).stderr


@needs_threads
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_forked_child_computes_alone_and_the_same():
    program = f"""
import os
import numpy as np
from mt_fast.backend import FastBackend
from mt_fast.threads import get_num_threads
from mt_operators import add
from mt_tensor.tensor_data import TensorData

backend, size = FastBackend(), {PARALLEL_SIZE}
x, out = (TensorData(np.ones(size), (size,)) for _ in range(2))
backend.zip(add, out, x, x)
child = os.fork()
if child == 0:
    out.storage[:] = 0.0
    backend.zip(add, out, x, x)
    os._exit(0 if get_num_threads() == 1 and (out.storage == 2.0).all() else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), get_num_threads())
"""
    done = in_new_process(program, MT_NUM_THREADS="2")
    assert done.stdout == "0 2\n", done.stderr


@needs_threads
def test_dropout():
    size = 4 * PARALLEL_COUNTERS + 4321
    x = place(BACKEND, normal(size))
    check_equal((size,), lambda out: BACKEND.dropout(out, x, 0.25, 2**63 + 5))
