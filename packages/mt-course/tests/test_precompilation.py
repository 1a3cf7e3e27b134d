"""What is compiled ahead is what training needs: its first step asks for no other kernel.

Kernels are asked for by name where nothing is compiled too, and there it takes seconds.
"""

import os
import subprocess
import sys

PROGRAM = """
import numpy as np
import mt_fast
import mt_tensor as mt
from mt_fast import compiler
from mt_nn.functional import nll_loss
from mt_nn.layers import (
    AvgPool2d, Conv2d, Flatten, Linear, LogSoftmax, ReLU, Sequential, Sigmoid
)
from mt_nn.models import MLP
from mt_nn.optim import SGD, Adam

asked, bind = set(), compiler.bind

def noting(template, bindings, name):
    asked.add(name)
    return bind(template, bindings, name)

compiler.bind = noting
mt_fast.precompile(dtypes=["float32"])
print(len(asked))
asked.clear()

mt.set_default_backend("fast")
draw, real = np.random.default_rng(0), {"dtype": "float32", "generator": mt.Generator(0)}

def points(*shape):
    return mt.tensor(draw.random(shape), dtype="float32")

def classes(count):
    return mt.tensor(draw.integers(0, 10, count))

def log_loss(output, target):
    return -(output * target + (output - 1.0) * (target - 1.0)).log().mean()

def networks():
    first, second, last = (Linear(*sizes, **real) for sizes in ((2, 10), (10, 10), (10, 1)))
    xor = Sequential(first, ReLU(), second, ReLU(), last, Sigmoid())
    yield xor, log_loss, points(10, 2), points(10, 1)
    yield MLP(8, 32, 10, dropout=0.2, **real), nll_loss, points(10, 8), classes(10)
    lenet = Sequential(
        *(Conv2d(1, 2, 3, padding=1, **real), ReLU()),
        *(Conv2d(2, 3, 3, padding=1, **real), ReLU(), AvgPool2d(4), Flatten()),
        *(Linear(48, 10, **real), ReLU(), Linear(10, 10, **real), LogSoftmax(1)),
    )
    yield lenet, nll_loss, points(2, 1, 16, 16), classes(2)

for model, loss, x, y in networks():
    own = model.parameters()
    for optimizer in (SGD(own, lr=0.1), SGD(own, lr=0.1, momentum=0.9), Adam(own, lr=0.01)):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()
print(*asked)
"""


def test_a_first_step_after_precompile_asks_for_no_kernel():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )
    ahead, others = done.stdout.splitlines()
    assert int(ahead) > 100
    assert others == ""
