import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import CrossEntropyLoss, NLLLoss
from mt_nn.functional import cross_entropy, nll_loss

SCORES = np.random.default_rng(0).standard_normal((4, 3))
CLASSES = np.array([2, 0, 1, 2])


def picked():
    return -SCORES[np.arange(4), CLASSES]


def test_the_mean_has_one_element(backend):  # noqa: ARG001
    result = nll_loss(mt.tensor(SCORES), mt.tensor(CLASSES))
    assert result.shape == (1,)
    assert result.item() == pytest.approx(picked().mean(), abs=1e-15)


def test_the_sum_and_each_loss(backend):  # noqa: ARG001
    x, target = mt.tensor(SCORES), mt.tensor(CLASSES)
    assert nll_loss(x, target, "sum").item() == pytest.approx(picked().sum(), abs=1e-14)
    np.testing.assert_array_equal(nll_loss(x, target, "none").numpy(), picked(), strict=True)


def test_it_reads_any_layout(backend):  # noqa: ARG001
    x = mt.tensor(SCORES.T.copy()).permute(1, 0)
    np.testing.assert_array_equal(nll_loss(x, mt.tensor(CLASSES), "none").numpy(), picked())


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss", [nll_loss, cross_entropy])
def test_gradients(backend, loss, reduction):  # noqa: ARG001
    target = mt.tensor(CLASSES)
    mt.grad_check(lambda x: loss(x, target, reduction), mt.tensor(SCORES))


def test_cross_entropy_starts_from_scores(backend):  # noqa: ARG001
    logs = SCORES - np.log(np.exp(SCORES).sum(1, keepdims=True))
    result = cross_entropy(mt.tensor(SCORES), mt.tensor(CLASSES)).item()
    assert result == pytest.approx(-logs[np.arange(4), CLASSES].mean(), abs=1e-14)


def test_cross_entropy_of_huge_scores_is_finite():
    result = cross_entropy(mt.tensor([[1e4, -1e4]]), mt.tensor([1]))
    assert result.item() == pytest.approx(2e4)


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [
        ((2, 3), [0], r"nll_loss: input is \(2, 3\) and target is \(1,\); they must be \(N, C\)"),
        ((2,), [0, 1], r"nll_loss: input is \(2,\) and target is \(2,\)"),
    ],
)
def test_shapes_that_do_not_fit(shape, classes, message):
    with pytest.raises(mt.ShapeError, match=message):
        nll_loss(mt.zeros(shape), mt.tensor(classes))


@pytest.mark.parametrize("wrong", [3, -1])
def test_a_class_that_there_is_not(wrong):
    message = rf"nll_loss: input is \(2, 3\) and target\[1\] = {wrong}; classes are from 0 to 2"
    with pytest.raises(mt.IndexingError, match=message):
        nll_loss(mt.zeros(2, 3), mt.tensor([0, wrong]))


def test_classes_are_integers():
    with pytest.raises(mt.DTypeError, match="target is float64; classes are integers"):
        nll_loss(mt.zeros(2, 3), mt.tensor([0.0, 1.0]))


def test_a_reduction_that_there_is_not():
    with pytest.raises(ValueError, match=r"nll_loss: reduction must be .*, not 'median'"):
        nll_loss(mt.zeros(2, 3), mt.tensor([0, 1]), "median")


@pytest.mark.parametrize(("kind", "loss"), [(NLLLoss, nll_loss), (CrossEntropyLoss, cross_entropy)])
def test_the_module_is_its_function(kind, loss):
    x, target = mt.tensor(SCORES), mt.tensor(CLASSES)
    assert kind("sum")(x, target).item() == loss(x, target, "sum").item()
    assert repr(kind()) == f"{kind.__name__}(reduction='mean')"
