"""A third party's backend, whole: NumPy calls over a storage that is no array."""

from dataclasses import dataclass

import numpy as np
import pytest

import mt_tensor as mt
from mt_operators import Op, exp
from mt_tensor import Backend, TensorData
from mt_tensor.testing import BackendConformance

quiet = np.errstate(all="ignore")
"""At the edges of the number line, NumPy warns, and a backend does not."""


@dataclass(frozen=True)
class Flat:
    """A storage; only its backend knows that there is an array inside."""

    elements: np.ndarray

    @property
    def dtype(self):
        return self.elements.dtype

    def __len__(self):
        return len(self.elements)


class ToyBackend(Backend):
    """Every kernel as a call of NumPy."""

    name = "toy"

    def empty(self, size, dtype):
        return Flat(np.empty(size, dtype))

    def from_numpy(self, array):
        return Flat(array)

    def to_numpy(self, storage):
        return storage.elements

    def map(self, fn, out, a):
        self.zip(fn, out, a)

    @quiet
    def zip(self, fn, out, *operands):
        function = np.frompyfunc(python_function(fn), len(operands), 1)
        self._fill(out, function(*(self.to_array(a).astype(object) for a in operands)))

    @quiet
    def reduce(self, op, out, a):
        function = np.frompyfunc(op.forward, 2, 1, identity=op.unit)
        axes = tuple(d for d in range(a.ndim) if a.shape[d] != out.shape[d])
        array = self.to_array(a).astype(object)
        self._fill(out, function.reduce(array, axis=axes, keepdims=True, initial=op.unit))

    @quiet
    def matmul(self, out, a, b):
        self._fill(out, np.matmul(self.to_array(a), self.to_array(b)))

    def _fill(self, out, values):
        self.to_array(out)[...] = np.asarray(values).astype(out.dtype)


def python_function(fn):
    return fn.forward if isinstance(fn, Op) else fn


TOY = ToyBackend()


class TestToy(BackendConformance):
    backend = TOY
    small = True


def test_tensors_live_on_it_and_have_gradients():
    x = mt.tensor([[0.5, -1.0], [2.0, 0.25]], backend=TOY, requires_grad=True)
    w = mt.tensor([[1.0, 2.0], [3.0, 4.0]], backend=TOY, requires_grad=True)
    (exp(x @ w).mean(0) * x[:, ::-1]).sum().backward()
    mt.grad_check(lambda x, w: (exp(x @ w).mean(0) * x[:, ::-1]).sum(), x, w)
    assert x.grad.backend is TOY
    assert isinstance(w.grad.data, TensorData)
    assert isinstance(w.grad.data.storage, Flat)


def test_tensors_move_to_it_and_back_with_their_gradient():
    x = mt.tensor([1.0, 2.0], backend="simple", requires_grad=True)
    y = (x.to(TOY) * 3.0).to("simple")
    y.backward(mt.tensor([1.0, 10.0], backend="simple"))
    assert y.backend.name == "simple"
    assert x.grad.tolist() == [3.0, 30.0]


def test_it_may_be_the_default():
    mt.set_default_backend(TOY)
    try:
        assert mt.zeros(2).backend is TOY
    finally:
        mt.set_default_backend(None)


def test_two_backends_do_not_meet_in_one_operation():
    x, y = mt.ones(2, backend=TOY), mt.ones(2, backend="simple")
    with pytest.raises(mt.BackendError, match=r"'toy' and another on 'simple'.*\.to\('toy'\)"):
        x + y
