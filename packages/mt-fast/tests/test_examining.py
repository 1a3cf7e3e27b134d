"""Kernels as plain Python, and with each index checked: equal to NumPy, and loud where wrong."""

import os
import subprocess
import sys

import pytest

from mt_fast.kernels.intrinsics.instruction import EXAMINED

pytestmark = pytest.mark.skipif(EXAMINED, reason="this whole run is in such a mode")

MODES = ("NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK")

PREPARED = """
import numpy as np
from mt_fast.backend import FastBackend
from mt_fast.lessons import LESSONS
from mt_operators import add, exp, log, maximum, mul, tanh
from mt_tensor.tensor_data import TensorData
from mt_tensor.testing import place

backend, drawn = FastBackend(), np.random.default_rng(0).standard_normal

def put(*shape):
    array = drawn(shape, np.float32)
    return array, place(backend, array)

def check(shape, run, wanted, tolerance=1e-5):
    out = place(backend, np.full(shape, np.nan, np.float32))
    run(out)
    np.testing.assert_allclose(backend.to_array(out), wanted, rtol=tolerance, atol=tolerance)

a, x = put(5, 70)
b, y = put(70, 5)
"""

PROGRAMS = {
    "lessons": """
turned = y.permute((1, 0))
for step in LESSONS["matmul"]:
    check((5, 5), lambda out: step.run(out, x, y), a @ b)
for step in LESSONS["map"]:
    check(a.shape, lambda out: step.run(add, out, x, turned), a + b.T)
for step in LESSONS["reduce"]:
    check((5, 1), lambda out: step.run(maximum, out, x), a.max(1, keepdims=True))
    check((5, 1), lambda out: step.run(add, out, x), a.sum(1, keepdims=True))
""",
    "elementary": """
positive = place(backend, abs(a))
check(a.shape, lambda out: backend.map(exp, out, x), np.exp(a))
check(a.shape, lambda out: backend.map(tanh, out, x), np.tanh(a))
check(a.shape, lambda out: backend.map(log, out, positive), np.log(abs(a)))
""",
    "overflow": """
huge, signs = np.full((3, 1), 1e200), np.array([[1e200, -1e200]])
out = place(backend, np.zeros((3, 2)))
backend.matmul(out, place(backend, huge), place(backend, signs))
np.testing.assert_array_equal(backend.to_array(out), [[np.inf, -np.inf]] * 3)
""",
    "pooling": """
images = a.reshape(1, 5, 7, 10)[..., :6, :]
pooled = images.reshape(1, 5, 3, 2, 5, 2)
image = place(backend, images)
windows = (2, 2), (2, 2)
check((1, 5, 3, 5), lambda out: backend.avg_pool2d(out, image, *windows), pooled.mean((3, 5)))
check((1, 5, 3, 5), lambda out: backend.max_pool2d(out, image, *windows), pooled.max((3, 5)))
""",
    "softmax and rows": """
powers = np.exp(a - a.max(1, keepdims=True))
wanted = np.log(powers / powers.sum(1, keepdims=True))
check(a.shape, lambda out: backend.log_softmax(out, x, 1), wanted)
index = np.array([3, 0, 3])
numbers = place(backend, index)
check((3, 70), lambda out: backend.take_rows(out, x, numbers), a[index])
""",
    "optimisers": """
value, grad = a.copy(), 0.5 * a
there, slope = place(backend, value), place(backend, grad)
rates = dict(lr=0.1, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False)
backend.sgd_step(there, slope, None, **rates)
np.testing.assert_allclose(backend.to_array(there), a - 0.1 * grad, rtol=1e-6)
""",
    "convolution": """
images, filters = a[:, :64].reshape(5, 1, 8, 8), b[:18, :1].reshape(2, 1, 3, 3)
image, weight = place(backend, images), place(backend, filters)
windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), (2, 3))
wanted = np.einsum("nchwij,ocij->nohw", windows, filters)
check((5, 2, 6, 6), lambda out: backend.conv2d(out, image, weight, None, (1, 1), (0, 0)), wanted)
kernels = np.einsum("nchwij,nohw->ocij", windows, wanted)
slope = place(backend, wanted.astype("float32"))
shift = backend.allocate((2,), slope.dtype)
check(
    (2, 1, 3, 3),
    lambda out: backend.conv2d_by_weight(out, shift, slope, image, (1, 1), (0, 0)),
    kernels,
    1e-4,
)
np.testing.assert_allclose(backend.to_array(shift), wanted.sum((0, 2, 3)), rtol=0, atol=1e-4)
""",
}


def run(program, mode, folder):
    environment = {**os.environ, mode: "1", "NUMBA_CACHE_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", PREPARED + program],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_kernels_as_plain_python(name, tmp_path):
    assert run(PROGRAMS[name], MODES[0], tmp_path).stderr == ""
    assert not list(tmp_path.iterdir())


def test_kernels_with_checks(tmp_path):
    assert run("".join(PROGRAMS.values()), MODES[1], tmp_path).stderr == ""


WRONG = {
    "read": "backend.zip(mul, out, x, x.restrided((5, 70), (1, 70), 1))",
    "written": "backend.map(exp, out.restrided((5, 70), (1, 70), 1), x.permute((0, 1)))",
    "before the first": "backend.zip(mul, out, x, x.restrided((5, 70), (-1, 70), 3))",
    "of a tile": """
backend.matmul(out.restrided((5, 5), (5, 1)), x, y.restrided((70, 5), (5, 1), 4))""",
    "of a packed tile": """
many = place(backend, np.ones((70, 70), np.float32))
backend.matmul(many, many, many.restrided((70, 70), (1, 70), 1))""",
    "of a row": "backend.take_rows(out, x, place(backend, np.array([0, 1, 2, 3, 5])))",
}
"""Views that reach beyond their storage, which the front end never makes."""


@pytest.mark.parametrize("mode", MODES)
def test_an_index_beyond_its_array(mode, tmp_path):
    lines = "\n".join(
        f"""
try:
    exec({program!r})
except IndexError as error:
    print({name!r})
"""
        for name, program in WRONG.items()
    )
    done = run("out = place(backend, np.zeros((5, 70), np.float32))\n" + lines, mode, tmp_path)
    assert done.stderr == ""
    assert done.stdout.splitlines() == list(WRONG)
