"""Code for other processors than this one: AVX2, and what every 64-bit x86 has."""

import os
import platform
import subprocess
import sys

import pytest

from mt_fast.kernels.intrinsics.instruction import EXAMINED

pytestmark = [
    pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="made for x86"),
    pytest.mark.skipif(EXAMINED, reason="machine code is looked at as it is in use"),
]

PROCESSORS = {
    "haswell": ({"NUMBA_CPU_FEATURES": "+avx2,+fma"}, 256, ("zmm",)),
    "generic": ({}, 128, ("zmm", "ymm")),
}
"""By LLVM's name: what else Numba is told, the bits of a vector, and the registers there are not.

A processor that is named has this one's features as well, unless others are given.
"""

PROGRAM = """
import gc
import numpy as np
from numba.core.ccallback import CFunc
from mt_fast.backend import FastBackend
from mt_fast.kernels.intrinsics.vectors import vector_bits
from mt_operators import add, exp, maximum
from mt_tensor.testing import place

backend, draw = FastBackend(), np.random.default_rng(0).standard_normal

def check(run, wanted, tolerance=2e-6):
    out = place(backend, np.full(wanted.shape, np.nan, np.float32))
    run(out)
    np.testing.assert_allclose(backend.to_array(out), wanted, rtol=tolerance, atol=2e-5)

a, images, filters = (
    draw(shape, np.float32) for shape in ((61, 83), (2, 3, 9, 33), (5, 3, 3, 3))
)
x, image, weight = (place(backend, array) for array in (a, images, filters))
check(lambda out: backend.matmul(out, x, x.permute((1, 0))), a @ a.T)
check(lambda out: backend.map(exp, out, x), np.exp(a))
check(lambda out: backend.zip(add, out, x, x), a + a)
check(lambda out: backend.reduce(add, out, x), a.sum(1, keepdims=True))
check(lambda out: backend.reduce(maximum, out, x), a.max(0, keepdims=True))
windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), (2, 3))
wanted = np.einsum("nchwij,ocij->nohw", windows, filters)
check(lambda out: backend.conv2d(out, image, weight, None, (1, 1), (0, 0)), wanted)

kernels = [each for each in gc.get_objects() if isinstance(each, CFunc)]
code = "".join(each._library.get_asm_str() for each in kernels)
print(vector_bits(), len(kernels), *(name for name in ("ymm", "zmm", "vfmadd") if name in code))
"""


@pytest.mark.parametrize("name", PROCESSORS)
def test_kernels_for_another_processor(name, tmp_path):
    settings, bits, missing = PROCESSORS[name]
    environment = {"NUMBA_CPU_NAME": name, "NUMBA_CACHE_DIR": str(tmp_path), **settings}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert done.stderr == ""
    width, kernels, *found = done.stdout.split()
    assert (int(width), int(kernels)) == (bits, 7)  # six, and what recognises calls
    assert not set(missing) & set(found)
    assert ("vfmadd" in found) == (name == "haswell")
