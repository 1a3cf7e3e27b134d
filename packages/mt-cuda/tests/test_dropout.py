# ruff: noqa: PLR0913, PLR0917  one argument for each way in which the cases differ

import numpy as np
import pytest

from mt_cuda.device import BLOCK, REPEATS
from mt_cuda.intrinsics import LANES
from mt_tensor.testing.conformance.randomness import KEY, shares

RNG = np.random.default_rng(0)
SHARE = BLOCK * REPEATS * LANES


@pytest.fixture
def refuse(backend, monkeypatch):
    """Refuse to leave the device, or to take two launches."""
    for method in ("from_numpy", "zip", "map"):
        monkeypatch.setattr(backend, method, lambda *_: pytest.fail("not one launch"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [SHARE - 1, SHARE, SHARE + 1])
@pytest.mark.parametrize("offset", [0, 1, 4])
def test_one_launch_at_any_offset(backend, place, request, n, dtype, offset):
    x = RNG.normal(size=n + offset).astype(dtype)[offset:]
    out, a = backend.allocate((n,), x.dtype), place(x)
    request.getfixturevalue("refuse")
    backend.dropout(out, a, 0.25, KEY)
    wanted = x * shares((n,), 0.25, KEY).astype(dtype)
    np.testing.assert_array_equal(backend.to_array(out), wanted)


def test_huge_tensors_go_by_the_default(backend, place, monkeypatch):
    monkeypatch.setattr("mt_cuda.overrides.LIMIT", 8)
    x = RNG.normal(size=(3, 4))
    out = backend.allocate(x.shape, x.dtype)
    backend.dropout(out, place(x), 0.5, KEY)
    np.testing.assert_array_equal(backend.to_array(out), x * shares(x.shape, 0.5, KEY))


def test_the_backward_drops_what_the_forward_dropped(backend):
    mt_nn = pytest.importorskip("mt_nn", reason="needs mt-nn")
    mt = pytest.importorskip("mt_tensor")
    x = mt.ones(40, backend=backend, requires_grad=True)
    y = mt_nn.functional.dropout(x, 0.5, generator=mt.Generator(1))
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())
    assert set(y.detach().numpy()) == {0.0, 2.0}
