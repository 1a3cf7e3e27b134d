"""Backpropagation through each operator, and that a wrong partial would be found there."""

import random
from dataclasses import replace

import pytest

import mt_operators
from mt_autodiff import Scalar, derivative_check
from mt_operators import Op, zero
from mt_operators.testing import sample

OPS = [value for value in vars(mt_operators).values() if isinstance(value, Op)]
PARTIALS = [(op, i) for op in OPS for i in range(op.arity) if op.partials[i] is not zero]


def names(value):
    return value.name if isinstance(value, Op) else None


def check(op, count=20):
    rng = random.Random(0)  # noqa: S311  samples, not secrets
    for _ in range(count):
        derivative_check(op, *sample(op, rng))


@pytest.mark.parametrize("op", OPS, ids=names)
def test_derivatives_agree_with_differences(op):
    check(op)


@pytest.mark.parametrize("op", OPS, ids=names)
def test_derivatives_where_all_arguments_are_the_same(op):
    low = max(interval[0] for interval in op.domain)
    high = min(interval[1] for interval in op.domain)
    x = low + 0.7 * (high - low)
    kinked = op.kink is not None and abs(op.kink(*[x] * op.arity)) < 0.1
    if low < high and not kinked:
        derivative_check(lambda s: op(*[s] * op.arity) * s, x)
    else:
        assert op.arity > 1


def test_thirty_six_partials_can_differ_from_zero():
    assert len(PARTIALS) == 36


@pytest.mark.parametrize(("op", "i"), PARTIALS, ids=names)
def test_a_partial_that_is_one_percent_off_is_found(op, i):
    def wrong(*saved):
        return 1.01 * op.partials[i](*saved)

    partials = (*op.partials[:i], wrong, *op.partials[i + 1 :])
    with pytest.raises(AssertionError, match=f"the derivative by argument {i} at"):
        check(replace(op, partials=partials))


@pytest.mark.parametrize(("op", "i"), PARTIALS, ids=names)
def test_a_rule_gives_the_same_backward_as_its_shares(op, i):
    rng = random.Random(1)  # noqa: S311  samples, not secrets
    inputs = [Scalar(v) for v in sample(op, rng)]
    result = op(*inputs)
    shares = dict(result.chain_rule(2.0))
    whole = result.history.last_fn.backward(result.history.ctx, 2.0)
    assert whole[i] == shares[inputs[i]]
    assert [g is not None for g in whole] == [x in shares for x in inputs]
    assert dict(result.chain_rule(2.0)) == shares


@pytest.mark.parametrize(("op", "i"), PARTIALS, ids=names)
def test_only_the_inputs_that_want_a_gradient_get_one(op, i):
    rng = random.Random(2)  # noqa: S311  samples, not secrets
    values = sample(op, rng)
    alone = [Scalar(v, None) for v in values]
    alone[i] = Scalar(values[i])
    together = [Scalar(v) for v in values]
    op(*alone).backward()
    op(*together).backward()
    assert [x.derivative is None for x in alone] == [j != i for j in range(op.arity)]
    assert alone[i].derivative == together[i].derivative
