import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import CrossEntropyLoss, NLLLoss
from mt_nn.functional import cross_entropy, log_softmax, nll_loss

SCORES = np.random.default_rng(0).standard_normal((4, 3))
CLASSES = np.array([2, 0, 1, 2])


def picked():
    return -SCORES[np.arange(4), CLASSES]


def test_the_mean_has_one_element(backend):
    result = nll_loss(mt.tensor(SCORES), mt.tensor(CLASSES))
    assert result.shape == (1,)
    assert result.item() == pytest.approx(picked().mean(), abs=1e-15)


def test_the_sum_and_each_loss(backend):
    x, target = mt.tensor(SCORES), mt.tensor(CLASSES)
    assert nll_loss(x, target, reduction="sum").item() == pytest.approx(picked().sum(), abs=1e-14)
    np.testing.assert_array_equal(
        nll_loss(x, target, reduction="none").numpy(), picked(), strict=True
    )


def test_it_reads_any_layout(backend):
    x = mt.tensor(SCORES.T.copy()).permute(1, 0)
    np.testing.assert_array_equal(
        nll_loss(x, mt.tensor(CLASSES), reduction="none").numpy(), picked()
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss", [nll_loss, cross_entropy])
def test_gradients(backend, loss, reduction):
    target = mt.tensor(CLASSES)
    mt.grad_check(lambda x: loss(x, target, reduction=reduction), mt.tensor(SCORES))


def test_cross_entropy_starts_from_scores(backend):
    logs = SCORES - np.log(np.exp(SCORES).sum(1, keepdims=True))
    result = cross_entropy(mt.tensor(SCORES), mt.tensor(CLASSES)).item()
    assert result == pytest.approx(-logs[np.arange(4), CLASSES].mean(), abs=1e-14)


def test_cross_entropy_of_huge_scores_is_finite():
    result = cross_entropy(mt.tensor([[1e4, -1e4]]), mt.tensor([1]))
    assert result.item() == pytest.approx(2e4)


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [
        (
            (2, 3),
            [0],
            r"nll_loss: input is \(2, 3\) and target is \(1,\); they must be \(N, C, \*\)",
        ),
        ((2,), [0, 1], r"nll_loss: input is \(2,\) and target is \(2,\)"),
        ((2, 3, 4), [0, 1], r"nll_loss: input is \(2, 3, 4\) and target is \(2,\)"),
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
        nll_loss(mt.zeros(2, 3), mt.tensor([0, 1]), reduction="median")


@pytest.mark.parametrize(("kind", "loss"), [(NLLLoss, nll_loss), (CrossEntropyLoss, cross_entropy)])
def test_the_module_is_its_function(kind, loss):
    x, target = mt.tensor(SCORES), mt.tensor(CLASSES)
    assert kind(reduction="sum")(x, target).item() == loss(x, target, reduction="sum").item()
    assert repr(kind()) == f"{kind.__name__}(reduction='mean')"


WEIGHT = np.array([0.5, 2.0, 1.5])


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_classes_count_by_their_weight_and_one_not_at_all(backend, weight, reduction):
    classes = np.array([2, -1, 1, 0])
    shares = np.where(classes == -1, 0.0, 1.0 if weight is None else weight[classes])
    losses = -SCORES[np.arange(4), classes] * shares
    expected = {"none": losses, "sum": losses.sum(), "mean": losses.sum() / shares.sum()}
    options = {"ignore_index": -1, "reduction": reduction}
    given = None if weight is None else mt.tensor(weight)
    call = lambda x: nll_loss(x, mt.tensor(classes), given, **options)  # noqa: E731
    np.testing.assert_allclose(call(mt.tensor(SCORES)).numpy(), expected[reduction], rtol=1e-14)
    mt.grad_check(call, mt.tensor(SCORES))


def test_an_ignored_sample_spoils_nothing():
    x = mt.tensor([[np.nan, -np.inf], [-1.0, -2.0]], requires_grad=True)
    loss = nll_loss(x, mt.tensor([-100, 1]))
    loss.backward()
    assert loss.item() == 2.0
    assert x.grad.tolist() == [[0.0, 0.0], [0.0, -1.0]]


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_samples_may_have_positions(backend, reduction):
    scores = np.random.default_rng(1).standard_normal((2, 3, 2, 4))
    classes = np.random.default_rng(2).integers(0, 3, (2, 2, 4))
    picked = -np.take_along_axis(scores, classes[:, None], 1)[:, 0]
    call = lambda x: nll_loss(x, mt.tensor(classes), reduction=reduction)  # noqa: E731
    expected = picked if reduction == "none" else picked.mean()
    np.testing.assert_allclose(call(mt.tensor(scores)).numpy(), expected, rtol=1e-14)
    mt.grad_check(call, mt.tensor(scores))


def test_one_sample_has_no_batch_dimension():
    scores = mt.tensor([0.5, -1.0, 2.0])
    result = nll_loss(scores, mt.tensor(1), reduction="none")
    assert result.tolist() == 1.0
    assert cross_entropy(scores, mt.tensor(1)).item() == pytest.approx(
        -log_softmax(scores, 0).numpy()[1], rel=1e-14
    )


def smoothed(targets, weight, smoothing):
    """Return the cross-entropy of each sample against smoothed targets."""
    logs = SCORES - np.log(np.exp(SCORES).sum(1, keepdims=True))
    return -(logs * ((1 - smoothing) * targets + smoothing / 3) * weight).sum(1)


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_smoothing_spreads_a_part_of_the_target(backend, weight):
    shares = np.ones(3) if weight is None else weight
    given = None if weight is None else mt.tensor(weight)
    losses = smoothed(np.eye(3)[CLASSES], shares, 0.2)
    options = {"weight": given, "label_smoothing": 0.2}
    call = lambda x: cross_entropy(x, mt.tensor(CLASSES), **options)  # noqa: E731
    expected = losses.sum() / shares[CLASSES].sum()
    assert call(mt.tensor(SCORES)).item() == pytest.approx(expected, rel=1e-13)
    mt.grad_check(call, mt.tensor(SCORES))
    result = cross_entropy(mt.tensor(SCORES), mt.tensor(CLASSES), reduction="none", **options)
    np.testing.assert_allclose(result.numpy(), losses, rtol=1e-13)


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_targets_may_be_probabilities(backend, weight):
    targets = np.random.default_rng(3).dirichlet(np.ones(3), 4)
    given = None if weight is None else mt.tensor(weight)
    losses = smoothed(targets, 1.0 if weight is None else weight, 0.1)
    options = {"weight": given, "label_smoothing": 0.1}
    result = cross_entropy(mt.tensor(SCORES), mt.tensor(targets), **options)
    assert result.item() == pytest.approx(losses.mean(), rel=1e-13)
    result = cross_entropy(mt.tensor(SCORES), mt.tensor(targets), reduction="none", **options)
    np.testing.assert_allclose(result.numpy(), losses, rtol=1e-13)
    mt.grad_check(
        lambda x, t: cross_entropy(x, t, **options), mt.tensor(SCORES), mt.tensor(targets)
    )


def test_what_cross_entropy_refuses():
    x = mt.tensor(SCORES)
    with pytest.raises(mt.ShapeError, match=r"target is \(4,\); probabilities must have the shape"):
        cross_entropy(x, mt.zeros(4))
    with pytest.raises(ValueError, match=r"label_smoothing must lie between 0 and 1, not -0.1"):
        cross_entropy(x, mt.tensor(CLASSES), label_smoothing=-0.1)
    with pytest.raises(ValueError, match="cross_entropy: reduction must be"):
        cross_entropy(x, x, reduction="median")
    with pytest.raises(mt.ShapeError, match=r"weight is \(4,\), not \(3,\)"):
        cross_entropy(x, mt.tensor(CLASSES), mt.zeros(4))


def test_modules_keep_options():
    x, target, weight = mt.tensor(SCORES), mt.tensor(CLASSES), mt.tensor(WEIGHT)
    loss = CrossEntropyLoss(weight, ignore_index=0, label_smoothing=0.1)
    expected = cross_entropy(x, target, weight, ignore_index=0, label_smoothing=0.1)
    assert loss(x, target).item() == expected.item()
    assert list(loss.state()) == ["weight"]
    assert (
        NLLLoss(weight, ignore_index=1)(x, target).item()
        == nll_loss(x, target, weight, ignore_index=1).item()
    )
