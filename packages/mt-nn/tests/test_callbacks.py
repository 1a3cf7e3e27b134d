"""Schedules, early stopping, accumulation, clipping and prediction, as parts of a run."""

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import Callback, EarlyStopping, Linear, Schedule, Trainer
from mt_nn.functional import mse_loss
from mt_nn.optim import SGD, lr_scheduler


def batches(count=4, size=3, seed=0):
    rng = np.random.default_rng(seed)
    xs = [rng.standard_normal((size, 2)) for _ in range(count)]
    return [(mt.tensor(x), mt.tensor(x.sum(1, keepdims=True))) for x in xs]


def trainer_of(*callbacks, lr=0.1, **options):
    model = Linear(2, 1, generator=mt.Generator(0))
    moved = SGD(model.parameters(), lr=lr)
    return Trainer(model, moved, loss=mse_loss, metric=None, callbacks=callbacks, **options)


class Rates(Callback):
    def __init__(self):
        self.seen = []

    def on_step_end(self, trainer):
        self.seen.append(trainer.optimizer.param_groups[0]["lr"])


@pytest.mark.parametrize(
    ("every", "expected"),
    [("step", [0.1, 0.05, 0.025, 0.0125]), ("epoch", [0.1, 0.1, 0.05, 0.05])],
)
def test_a_schedule_goes_by_steps_or_by_epochs(every, expected):
    rates, trainer = Rates(), trainer_of()
    schedule = Schedule(lr_scheduler.ExponentialLR(trainer.optimizer, 0.5), every)
    trainer.callbacks = [rates, schedule]
    trainer.fit(batches(2), epochs=2)
    assert rates.seen == pytest.approx(expected)


@pytest.mark.parametrize("test", [None, batches(1, seed=1)])
def test_a_plateau_is_told_the_loss(test):
    trainer = trainer_of(lr=0.0)
    plateau = lr_scheduler.ReduceLROnPlateau(trainer.optimizer, patience=0)
    trainer.callbacks = [Schedule(plateau)]
    epoch = trainer.fit(batches(2), test, epochs=1).epochs[0]
    assert plateau.best == (epoch.test or epoch.train).loss


def test_what_a_schedule_refuses():
    optimizer = trainer_of().optimizer
    with pytest.raises(ValueError, match="Schedule: every must be 'step' or 'epoch', not 'day'"):
        Schedule(lr_scheduler.ExponentialLR(optimizer, 0.5), "day")
    with pytest.raises(ValueError, match="Schedule: ReduceLROnPlateau goes by epochs"):
        Schedule(lr_scheduler.ReduceLROnPlateau(optimizer), "step")


@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping_bears_patience_and_gives_the_best_back(restore):
    weights = []

    class Keep(Callback):
        def on_epoch_end(self, trainer, epoch):
            weights.append(trainer.model.weight.value.tolist())

    early = EarlyStopping(patience=2, restore_best=restore)
    trainer = trainer_of(Keep(), early, lr=3.0)
    history = trainer.fit(batches(2), batches(1, seed=1), epochs=20)
    losses = [epoch.test.loss for epoch in history.epochs]
    assert early.best == min(losses)
    assert early.best_epoch == 1 + losses.index(min(losses))
    assert len(losses) == early.best_epoch + 3
    expected = weights[early.best_epoch - 1 if restore else -1]
    assert trainer.model.weight.value.tolist() == expected


def test_what_early_stopping_refuses():
    with pytest.raises(
        ValueError, match=r"patience = -1 and min_delta = 0\.0 must not be negative"
    ):
        EarlyStopping(-1)
    with pytest.raises(ValueError, match=r"EarlyStopping: fit\(\) was given no test data to watch"):
        trainer_of(EarlyStopping()).fit(batches(1))


def test_a_step_of_several_batches_is_a_step_of_one_large_batch():
    pieces = [*batches(2, 3), *batches(1, 2, seed=5)]
    large = [tuple(mt.cat([p[k] for p in pieces]) for k in (0, 1))]
    first, second = trainer_of(accumulate=3), trainer_of()
    losses = [first.fit(pieces).step_losses, second.fit(large).step_losses]
    assert losses[0] == pytest.approx(losses[1], rel=1e-14)
    for p, q in zip(first.model.parameters(), second.model.parameters(), strict=True):
        np.testing.assert_allclose(
            p.value.detach().numpy(), q.value.detach().numpy(), rtol=0, atol=1e-15
        )


def test_the_last_step_of_an_epoch_may_have_fewer_batches():
    trainer = trainer_of(accumulate=3)
    assert len(trainer.fit(batches(4), epochs=2).step_losses) == trainer.steps == 4


def test_a_step_is_no_longer_than_the_norm_allows():
    trainer = trainer_of(lr=1.0, clip_norm=0.01)
    before = [p.value.detach().numpy().copy() for p in trainer.model.parameters()]
    trainer.fit(batches(1))
    after = [p.value.detach().numpy() for p in trainer.model.parameters()]
    length = np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(after, before, strict=True)))
    assert length == pytest.approx(0.01, rel=1e-4)


def test_predictions_are_joined():
    trainer = trainer_of()
    data = batches(3)
    expected = np.concatenate([trainer.model(x).detach().numpy() for x, _ in data])
    result = trainer.predict(data)
    np.testing.assert_array_equal(result.numpy(), expected, strict=True)
    assert trainer.model.training
    with pytest.raises(mt.ShapeError, match="there is no tensor to join"):
        trainer.predict([])


def test_accumulating_nothing():
    with pytest.raises(ValueError, match="Trainer: accumulate must be a positive integer, not 0"):
        trainer_of(accumulate=0)
