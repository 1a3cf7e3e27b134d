"""The conformance suite finds what a backend author gets wrong.

Each backend here has one mistake; the test that is named must fail for it. All of them pass for
the backend that it was made from (`test_conformance.py`).
"""

import inspect
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from mt_operators import Op, add, identity, maximum
from mt_tensor import TensorData
from mt_tensor.capture.live import resolved
from mt_tensor.capture.tape import Call
from mt_tensor.layout import contiguous_strides
from mt_tensor.simple import SimpleBackend
from mt_tensor.testing import BackendConformance


def cases(method):
    """Yield the keyword arguments that pytest would call a test with."""
    axes = []
    for mark in getattr(method, "pytestmark", []):
        names, values = mark.args
        names = [names] if isinstance(names, str) else list(names)
        rows = [(v,) if len(names) == 1 else v for v in values]
        axes.append([dict(zip(names, row, strict=True)) for row in rows])
    for combination in product(*axes):
        yield {name: value for part in combination for name, value in part.items()}


def fails(kind, test):
    """Whether a test of the suite fails for some of its cases."""

    class Suite(BackendConformance):
        backend = kind()
        small = True

    suite = Suite()
    for case in cases(getattr(suite, test)):
        try:
            getattr(suite, test)(**case)
        except (AssertionError, RuntimeWarning, TypeError, ValueError, IndexError):
            return True
    return False


class IgnoresOffset(SimpleBackend):
    def map(self, fn, out, a):
        super().map(fn, out, a.restrided(a.shape, a.strides, 0) if min(a.strides) > 0 else a)


class ReadsRowMajor(SimpleBackend):
    def zip(self, fn, out, *operands):
        flat = [
            a.restrided(a.shape, contiguous_strides(a.shape))
            if a.contiguous is False and a.size + a.offset <= len(a.storage)
            else a
            for a in operands
        ]
        super().zip(fn, out, *flat)


class WritesRowMajor(SimpleBackend):
    def map(self, fn, out, a):
        super().map(fn, out.restrided(out.shape, contiguous_strides(out.shape), 0), a)


class WritesBetween(SimpleBackend):
    def map(self, fn, out, a):
        out.storage[:] = 0
        super().map(fn, out, a)


class ClearsFirst(SimpleBackend):
    def zip(self, fn, out, *operands):
        self.map(lambda _: 0.0, out, out)
        super().zip(fn, out, *operands)


class TakesThreeAtMost(SimpleBackend):
    def zip(self, fn, out, a, b, c=None):
        super().zip(fn, out, a, b, *(() if c is None else (c,)))


class ComputesInFloat32(SimpleBackend):
    def map(self, fn, out, a):
        super().map(lambda x: float(np.float32(function(fn)(x))) if x == x else x, out, a)  # noqa: PLR0124


class CompilesByName(SimpleBackend):
    def __init__(self):
        self.known = {}

    def map(self, fn, out, a):
        key = function(fn).__qualname__
        super().map(self.known.setdefault(key, fn), out, a)


class RoundsCasts(SimpleBackend):
    def map(self, fn, out, a):
        rounds = out.dtype.kind == "i" and a.dtype.kind == "f"
        super().map((lambda x: float(round(x))) if rounds else fn, out, a)


class PassesIntegersThroughFloats(SimpleBackend):
    def map(self, fn, out, a):
        super().map(lambda x: min(float(function(fn)(x)), 2.0**62), out, a)


class ForgetsTheSignOfZero(SimpleBackend):
    def map(self, fn, out, a):
        super().map(lambda x: function(fn)(x) + 0.0, out, a)


def larger(x, y):
    return max(x, y)


class LosesNan(SimpleBackend):
    def reduce(self, op, out, a):
        super().reduce(replace(op, forward=larger) if op is maximum else op, out, a)


class StartsAtZero(SimpleBackend):
    def reduce(self, op, out, a):
        if a.size:
            super().reduce(op, out, a)
        else:
            self.map(lambda _: 0.0, out, out)


class AccumulatesInFloat32(SimpleBackend):
    def reduce(self, op, out, a):
        if op is not add or a.dtype != np.float32 or out.size > 3:
            super().reduce(op, out, a)
            return
        axes = tuple(d for d in range(a.ndim) if out.shape[d] != a.shape[d])
        array = np.moveaxis(self.to_array(a), axes, range(len(axes)))
        rows = array.reshape(-1, max(out.size, 1))
        running = np.zeros(rows.shape[1], np.float32)
        for row in rows:
            running += row
        self.to_array(out)[...] = running.reshape(out.shape)


class FoldsOneAxisOnly(SimpleBackend):
    def reduce(self, op, out, a):
        axes = [d for d in range(a.ndim) if out.shape[d] != a.shape[d]]
        super().reduce(op, out, a.narrow(axes[0], 0, 1) if len(axes) > 1 else a)


class MultipliesRowMajor(SimpleBackend):
    def matmul(self, out, a, b):
        row_major = b.restrided(b.shape, contiguous_strides(b.shape))
        super().matmul(out, a, row_major if b.size + b.offset <= len(b.storage) else b)


class RepeatsTheFirstProduct(SimpleBackend):
    def matmul(self, out, a, b):
        first = a.restrided(a.shape, (*(0 for _ in a.shape[:-2]), *a.strides[-2:]))
        super().matmul(out, first, b)


class TakesNanForZero(SimpleBackend):
    def matmul(self, out, a, b):
        super().matmul(out, a, b)
        array = self.to_array(out)
        array[np.isnan(array)] = 0.0


class AddsOncePerPosition(SimpleBackend):
    def scatter_add(self, out, positions, a):
        out.storage[positions.reshape(-1)] += self.to_array(a).reshape(-1)


class GathersFromTheView(SimpleBackend):
    def gather(self, out, a, positions):
        super().gather(out, a, (positions - a.offset) % len(a.storage))


class SharesTheArray(SimpleBackend):
    def from_array(self, array):
        return TensorData(array.reshape(-1), array.shape)


class IsNotDeterministic(SimpleBackend):
    def reduce(self, op, out, a):
        super().reduce(op, out, a)
        array = self.to_array(out)
        array += array * np.random.default_rng().choice([0.0, 1e-6], array.shape).astype(out.dtype)


class GivesTheLastMaximum(SimpleBackend):
    def max_pool2d_by_input(self, out, grad, x, kernel, stride):
        backwards = [reversed_images(a) for a in (out, grad, x)]
        super().max_pool2d_by_input(*backwards, kernel, stride)


class DoesNotShift(SimpleBackend):
    def log_softmax(self, out, x, axis):
        powers = np.exp(self.to_array(x).astype(np.float64))
        self.to_array(out)[...] = np.log(powers / powers.sum(axis, keepdims=True))


class IsOnePercentOff(SimpleBackend):
    def conv2d_by_weight(self, out, *given):
        super().conv2d_by_weight(out, *given)
        self.map(lambda y: 0.99 * y, out, out)


class ForgetsTheGradientOfTheBias(SimpleBackend):
    def conv2d_by_weight(self, out, bias, *given):
        super().conv2d_by_weight(out, bias and None, *given)


class GivesEachTieTheWhole(SimpleBackend):
    def extremum_by_input(self, out, grad, a, best):
        self.zip(lambda g, x, y: g if x == y else 0.0, out, *_alike(a, grad, a, best))


def _alike(a, *tensors):
    return [t.expand(a.shape) for t in tensors]


class ForgetsTheBias(SimpleBackend):
    def conv1d(self, out, x, weight, bias, *how):
        super().conv1d(out, x, weight, bias and None, *how)


class SkipsSmallGradients(SimpleBackend):
    def conv1d_by_input(self, out, grad, weight, stride, padding):
        self.map(lambda y: y if abs(y) > 0.1 else 0.0, grad, grad)
        super().conv1d_by_input(out, grad, weight, stride, padding)


class HasFourDigitsOnly(SimpleBackend):
    def avg_pool2d(self, out, x, kernel, stride):
        super().avg_pool2d(out, x, kernel, stride)
        self.map(lambda y: y * 1.0001, out, out)


class ForgetsTheDecay(SimpleBackend):
    def adam_step(self, value, grad, mean, square, **rates):
        super().adam_step(value, grad, mean, square, **rates | {"weight_decay": 0.0})


class MovesOneAtMost(SimpleBackend):
    def sgd_steps(self, parts, **rates):
        super().sgd_steps(parts[:1], **rates)


class SharesTheMoments(SimpleBackend):
    def adam_steps(self, parts, **rates):
        super().adam_steps([(*part[:3], part[2]) for part in parts], **rates)


class RemembersTheRates(SimpleBackend):
    def sgd_steps(self, parts, **rates):
        self.rates = vars(self).get("rates", rates)
        super().sgd_steps(parts, **self.rates)


def function(fn):
    return fn.forward if isinstance(fn, Op) else fn


class DropsByPlaceInStorage(SimpleBackend):
    def dropout(self, out, a, p, key):
        whole = TensorData(a.storage, (len(a.storage),))
        kept = self.allocate(whole.shape, a.dtype)
        super().dropout(kept, whole, p, key)
        self.map(identity, out, TensorData(kept.storage, a.shape, a.strides, a.offset))


class KeepsHalfOfTheKey(SimpleBackend):
    def dropout(self, out, a, p, key):
        super().dropout(out, a, p, key % 2**32)


def fixed(call):
    kwargs = {name: resolved(value) for name, value in call.kwargs.items()}
    return Call(call.method, tuple(map(resolved, call.args)), kwargs, call.place)


class ForgetsTheRate(SimpleBackend):
    def lowered(self, calls):
        return super().lowered([fixed(call) for call in calls])


class ReplaysBackwards(SimpleBackend):
    def lowered(self, calls):
        return super().lowered(calls[::-1])


def reversed_images(a):
    strides = (*a.strides[:2], -a.strides[2], -a.strides[3])
    last = (a.shape[2] - 1) * a.strides[2] + (a.shape[3] - 1) * a.strides[3]
    return a.restrided(a.shape, strides, a.offset + last)


MISTAKES = [
    (IgnoresOffset, "test_elementwise_an_operator"),
    (ReadsRowMajor, "test_elementwise_every_layout"),
    (WritesRowMajor, "test_elementwise_any_layout_is_written"),
    (WritesBetween, "test_elementwise_any_layout_is_written"),
    (ClearsFirst, "test_elementwise_out_may_be_an_operand"),
    (TakesThreeAtMost, "test_elementwise_a_pullback"),
    (ComputesInFloat32, "test_elementwise_an_operator"),
    (CompilesByName, "test_elementwise_closures_of_one_function_are_told_apart"),
    (RoundsCasts, "test_elementwise_a_cast"),
    (PassesIntegersThroughFloats, "test_elementwise_integers_are_copied_exactly"),
    (ForgetsTheSignOfZero, "test_elementwise_the_edges_of_the_number_line"),
    (LosesNan, "test_reduce_one_nan_spoils_its_own_fold"),
    (StartsAtZero, "test_reduce_no_element_gives_the_unit"),
    (AccumulatesInFloat32, "test_reduce_the_error_of_a_sum_does_not_grow"),
    (FoldsOneAxisOnly, "test_reduce_every_subset_of_the_axes"),
    (IsNotDeterministic, "test_reduce_equal_arguments_give_equal_bits"),
    (MultipliesRowMajor, "test_matmul_layouts"),
    (RepeatsTheFirstProduct, "test_matmul_shapes"),
    (TakesNanForZero, "test_matmul_not_finite_factors"),
    (AddsOncePerPosition, "test_scatter_add"),
    (GathersFromTheView, "test_gather_reads_positions_of_the_storage"),
    (SharesTheArray, "test_a_later_change_of_the_array_is_not_seen"),
    (GivesTheLastMaximum, "test_max_pool2d"),
    (DoesNotShift, "test_log_softmax_nothing_overflows"),
    (IsOnePercentOff, "test_conv2d"),
    (IsOnePercentOff, "test_conv1d"),
    (ForgetsTheGradientOfTheBias, "test_conv2d"),
    (ForgetsTheGradientOfTheBias, "test_conv2d_into_any_layout"),
    (GivesEachTieTheWhole, "test_ties_share_a_gradient"),
    (GivesEachTieTheWhole, "test_the_gradient_of_what_is_not_finite"),
    (ForgetsTheBias, "test_conv1d_of_any_layout"),
    (SkipsSmallGradients, "test_a_gradient_that_is_nearly_zero"),
    (HasFourDigitsOnly, "test_avg_pool2d"),
    (ForgetsTheDecay, "test_adam_step"),
    (MovesOneAtMost, "test_sgd_steps"),
    (RemembersTheRates, "test_sgd_steps"),
    (SharesTheMoments, "test_adam_steps"),
    (DropsByPlaceInStorage, "test_dropout_of_any_layout"),
    (KeepsHalfOfTheKey, "test_dropout_of_a_key"),
    (ForgetsTheRate, "test_lowered_calls_have_the_values_of_the_step"),
    (ReplaysBackwards, "test_lowered_calls_read_what_is_there_now"),
]


@pytest.mark.parametrize(("kind", "test"), MISTAKES, ids=lambda x: getattr(x, "__name__", None))
def test_a_mistake_is_found(kind, test):
    assert fails(kind, test)


def test_no_test_of_the_suite_hides_another():
    parts = inspect.getmro(BackendConformance)
    names = [name for part in parts for name in vars(part) if name.startswith("test_")]
    assert len(names) == len(set(names)) > 70
