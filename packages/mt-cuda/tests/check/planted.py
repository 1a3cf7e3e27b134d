"""Kernels that have lost something, in place of the catalogue; run without the simulator."""

import sys

import numpy as np
from numba import cuda, float64

from mt_cuda.check import catalogue as module
from mt_cuda.check import gate
from mt_cuda.check.__main__ import main
from mt_cuda.check.catalogue import Entry
from mt_cuda.check.findings import Wants
from mt_cuda.device import Kernel
from mt_cuda.kernels.map_naive import naive
from mt_cuda.kernels.map_vector import vectorised
from mt_cuda.kernels.matmul_shared import tiled
from mt_cuda.kernels.types import SIZE, number, pointer
from mt_cuda.operators import prepare
from mt_operators import identity

float32 = np.dtype("float32")
TWO, FEW = (float32, float32), 64


def doubles():
    """Multiply by a float64 constant."""

    def kernel(out, a, size):
        i = cuda.grid(1)
        if i < size:
            out[i] = a[i] * float64(1.1)

    return Kernel("doubles", kernel, (pointer(float32), pointer(float32), SIZE), (256, 1, 1))


def spills():
    """Keep an array in registers, and index it by what is not known before the kernel runs."""
    kind = number(float32)

    def kernel(out, a, size):
        values = cuda.local.array(FEW, kind)
        for i in range(FEW):
            values[i * size % FEW] = a[i]
        out[0] = values[size % FEW]

    return Kernel("spills", kernel, (pointer(float32), pointer(float32), SIZE), (256, 1, 1))


def broken(x):
    return x.no_such_thing


ENTRIES = (
    Entry("doubles", doubles, Wants()),
    Entry("spills", spills, Wants()),
    Entry("narrow", lambda: naive(prepare(identity, *TWO), TWO), Wants(vectors=1)),
    Entry("wide", lambda: vectorised(prepare(identity, *TWO), TWO, (True,), 1), Wants(vectors=1)),
    Entry("idle", lambda: tiled(float32, 1), Wants(share=0.85)),
    Entry("greedy", lambda: tiled(float32, 1), Wants(registers=20)),
    Entry("broken", lambda: vectorised(prepare(broken, *TWO), TWO, (True,), 1), Wants()),
)

# Not below: the processes that compile import this file too, under another name.
gate.catalogue = module.catalogue = lambda: ENTRIES

if __name__ == "__main__":
    sys.exit(main(["--arch", "90"]))
