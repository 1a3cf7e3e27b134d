"""What a tensor looks like in a terminal."""

import numpy as np
import pytest

import mt_tensor as mt


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (lambda: mt.tensor([1.0, 2.5]), "tensor([1. , 2.5], dtype=float64, backend='simple')"),
        (lambda: mt.tensor(3), "tensor(3, dtype=int64, backend='simple')"),
        (lambda: mt.tensor([True]), "tensor([ True], dtype=bool, backend='simple')"),
        (lambda: mt.zeros(0), "tensor([], dtype=float64, backend='simple')"),
        (
            lambda: mt.tensor([[1.0, 2.0], [3.0, 4.0]], dtype="float32").T,
            "tensor([[1., 3.],\n        [2., 4.]], dtype=float32, backend='simple')",
        ),
        (
            lambda: mt.ones(1, requires_grad=True),
            "tensor([1.], dtype=float64, backend='simple', requires_grad=True)",
        ),
        (
            lambda: mt.ones(1, requires_grad=True) * 2.0,
            "tensor([2.], dtype=float64, backend='simple', grad_fn=mul)",
        ),
    ],
)
def test_it_reads_like_numpys(x, text):
    assert repr(x()) == text


def test_a_large_tensor_is_abridged():
    text = repr(mt.zeros(100, 100))
    assert "..." in text
    assert len(text) < 700


DRAWN = """\
shape (2, 3), strides (3, 1), offset 0, float64
dimension 0: 2 entries, 3 apart in storage
dimension 1: 3 entries, 1 apart in storage
values          positions
[[0. 1. 2.]     [[0 1 2]
 [3. 4. 5.]]     [3 4 5]]
storage         [0. 1. 2. 3. 4. 5.]
contiguous: the storage is the tensor, row by row"""

SLICED = """\
shape (2, 2), strides (-3, 2), offset 3, float64
dimension 0: 2 entries, 3 apart in storage, backwards
dimension 1: 2 entries, 2 apart in storage
values     positions
[[3. 5.]   [[3 5]
 [0. 2.]]   [0 2]]
storage    [0. 1. 2. 3. 4. 5.]
a view that uses 4 of the 6 elements: other tensors may share this storage"""


def squeezed(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_layout_is_drawn():
    x = mt.tensor(np.arange(6.0).reshape(2, 3))
    assert squeezed(x.describe()) == squeezed(DRAWN)
    assert squeezed(x[::-1, ::2].describe()) == squeezed(SLICED)


def test_broadcast_and_permuted_layouts_say_so():
    x = mt.tensor([[1.0], [2.0]]).expand(2, 3)
    text = x.describe()
    assert "strides (1, 0)" in text
    assert "dimension 1: 3 entries, all the same place in storage: it is broadcast" in text
    text = mt.zeros(5, 2).T.describe()
    assert "shape (2, 5), strides (1, 2)" in text
    assert "dimension 0: 2 entries, 1 apart in storage" in text
    assert "strides (6, 3, 1)" in mt.zeros(2, 2, 3).describe()


@pytest.mark.parametrize("shape", [(), (0,), (1, 1), (2, 0, 3)])
def test_odd_shapes_are_drawn(shape):
    assert f"shape {shape}" in mt.zeros(*shape).describe()


def test_a_long_storage_is_abridged():
    text = mt.zeros(40)[:3].describe()
    assert "... (40 elements)" in text
