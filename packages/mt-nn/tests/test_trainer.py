"""The loop, on a problem that a linear layer solves."""

import io
import os
import signal
import threading

import numpy as np
import pytest
from rich.console import Console

import mt_tensor as mt
from mt_nn import (
    Callback,
    DataLoader,
    Dropout,
    Linear,
    LogSoftmax,
    NonFiniteLossError,
    ProgressBar,
    ProgressLines,
    Sequential,
    TensorDataset,
    Trainer,
    accuracy,
    progress,
)
from mt_nn.optim import SGD
from mt_nn.training import display, meter


def problem(seed, samples=24):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, 2))
    return TensorDataset(mt.tensor(x), mt.tensor((x[:, 0] > x[:, 1]).astype(np.int64)))


def parts(seed=0, lr=1.0, samples=24):
    generator = mt.Generator(seed)
    model = Sequential(Linear(2, 2, generator=generator), Dropout(0.1, generator=generator))
    model = Sequential(model, LogSoftmax(dim=1))
    loader = DataLoader(problem(1, samples), 8, shuffle=True, generator=generator)
    return model, SGD(model.parameters(), lr=lr), loader


def trainer_of(model, optimizer, *callbacks, **options):
    return Trainer(model, optimizer, callbacks=callbacks, **options)


def weights(model):
    return [p.value.detach().numpy().copy() for p in model.parameters()]


class Events(Callback):
    def __init__(self):
        self.names = []

    def on_fit_start(self, trainer):
        self.names.append(f"fit {trainer.epochs} x {trainer.steps // trainer.epochs}")

    def on_epoch_start(self, trainer):
        self.names.append(f"epoch {trainer.epoch}")

    def on_step_end(self, trainer):
        self.names.append(f"step {trainer.step}")

    def on_epoch_end(self, trainer, epoch):
        assert trainer.history.epochs[-1] is epoch
        self.names.append(f"end {epoch.number}")

    def on_fit_end(self, trainer):
        self.names.append(f"done {trainer.step}")


class At(Callback):
    """Do something at one step."""

    def __init__(self, step, action):
        self.step = step
        self.action = action

    def on_step_end(self, trainer):
        if trainer.step == self.step:
            self.action(trainer)


def press_ctrl_c(_):
    os.kill(os.getpid(), signal.SIGINT)


def test_it_learns(every_backend):
    model, optimizer, loader = parts()
    test = DataLoader(problem(2), 12)
    history = trainer_of(model, optimizer).fit(loader, test, epochs=12)
    first, last = history.epochs[0], history.epochs[-1]
    assert len(history.epochs) == 12
    assert len(history.step_losses) == 36
    assert not history.interrupted
    assert last.train.loss < first.train.loss
    assert last.test.accuracy >= 0.9
    assert last.test.samples == last.train.samples == 24
    assert last.samples_per_second == pytest.approx(24 / last.seconds)


def test_a_seed_gives_the_same_losses_bit_for_bit(backend):
    losses = []
    for _ in range(2):
        model, optimizer, loader = parts(seed=3)
        losses.append(trainer_of(model, optimizer).fit(loader, epochs=3).step_losses)
    assert losses[0] == losses[1]
    model, optimizer, loader = parts(seed=4)
    assert trainer_of(model, optimizer).fit(loader, epochs=3).step_losses != losses[0]


def test_one_step_is_gradient_descent():
    model, optimizer, _ = parts(lr=0.5)
    model.eval()
    x, target = problem(5, 8).__getitems__(np.arange(8))
    batches = [(x, target)]
    weight, bias = weights(model)
    scores = x.numpy() @ weight.T + bias
    likely = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    slope = (likely - np.eye(2)[target.numpy()]) / 8

    class NoDropout(Callback):
        def on_epoch_start(self, trainer):
            trainer.model.eval()

    history = trainer_of(model, optimizer, NoDropout()).fit(batches)
    expected = -np.log(likely[np.arange(8), target.numpy()]).mean()
    assert history.step_losses == [pytest.approx(expected, abs=1e-14)]
    np.testing.assert_allclose(weights(model)[0], weight - 0.5 * slope.T @ x.numpy(), atol=1e-14)
    np.testing.assert_allclose(weights(model)[1], bias - 0.5 * slope.sum(0), atol=1e-14)


def test_callbacks_hear_everything_in_order():
    model, optimizer, loader = parts(samples=16)
    events = Events()
    trainer_of(model, optimizer, events).fit(loader, epochs=2)
    assert events.names == [
        *("fit 2 x 2", "epoch 1", "step 1", "step 2", "end 1"),
        *("epoch 2", "step 3", "step 4", "end 2", "done 4"),
    ]


def test_it_ends_after_so_many_steps():
    model, optimizer, loader = parts()
    trainer = trainer_of(model, optimizer)
    history = trainer.fit(loader, epochs=3, max_steps=4)
    assert len(history.step_losses) == trainer.steps == 4
    assert [e.train.samples for e in history.epochs] == [24, 8]
    assert not history.interrupted


def test_a_callback_may_stop_it():
    model, optimizer, loader = parts()
    history = trainer_of(model, optimizer, At(2, Trainer.stop)).fit(loader, epochs=3)
    assert len(history.step_losses) == 2
    assert not history.interrupted


def test_it_can_be_continued():
    model, optimizer, loader = parts()
    trainer = trainer_of(model, optimizer, At(2, Trainer.stop))
    trainer.fit(loader)
    assert len(trainer.fit(loader).step_losses) == 2


def test_ctrl_c_ends_it_after_the_step_and_keeps_everything():
    model, optimizer, loader = parts()
    before = signal.getsignal(signal.SIGINT)
    history = trainer_of(model, optimizer, At(4, press_ctrl_c)).fit(
        loader, DataLoader(problem(2), 8), epochs=5
    )
    assert history.interrupted
    assert len(history.step_losses) == 4
    assert [e.train.samples for e in history.epochs] == [24, 8]
    assert history.epochs[-1].test is None
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_is_answered_before_the_step_ends(capfd):
    seen = []

    def press_and_look(trainer):
        press_ctrl_c(trainer)
        seen.append(capfd.readouterr().err)

    model, optimizer, loader = parts()
    trainer_of(model, optimizer, At(2, press_and_look)).fit(loader)
    assert seen == ["\nCtrl-C: the run ends after this step; press it again to end at once\n"]


def test_a_second_ctrl_c_does_not_wait():
    def twice(_):
        press_ctrl_c(None)
        press_ctrl_c(None)

    model, optimizer, loader = parts()
    trainer = trainer_of(model, optimizer, At(1, twice))
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(loader)
    assert len(trainer.history.step_losses) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_runs_on_another_thread():
    model, optimizer, loader = parts()
    trainer = trainer_of(model, optimizer)
    thread = threading.Thread(target=trainer.fit, args=(loader,))
    thread.start()
    thread.join()
    assert len(trainer.history.step_losses) == 3


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_number_names_the_step_and_spares_the_parameters(bad):
    model, optimizer, _ = parts()
    events = Events()
    x, target = problem(1, 8).__getitems__(np.arange(8))
    trainer = trainer_of(model, optimizer, events)
    poisoned = mt.tensor(np.full((8, 2), bad))
    kept = []

    class Keep(Callback):
        def on_step_end(self, trainer):
            kept.extend(weights(trainer.model))

    trainer.callbacks.append(Keep())
    with pytest.raises(NonFiniteLossError, match=r"the loss is nan at step 2 \(epoch 1\); the inp"):
        trainer.fit([(x, target), (poisoned, target)])
    assert len(trainer.history.step_losses) == 1
    assert events.names[-1] == "done 1"
    for before, now in zip(kept, weights(model), strict=True):
        np.testing.assert_array_equal(before, now)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "Trainer.fit: epochs must be a positive integer, not 0"),
        ({"max_steps": -1}, "Trainer.fit: max_steps must be a positive integer, not -1"),
    ],
)
def test_counts_that_are_none(options, message):
    model, optimizer, loader = parts()
    with pytest.raises(ValueError, match=message):
        trainer_of(model, optimizer).fit(loader, **options)


def test_nothing_to_learn_from():
    model, optimizer, _ = parts()
    with pytest.raises(ValueError, match=r"Trainer.fit: there is no batch to learn from"):
        trainer_of(model, optimizer).fit([])


def test_evaluation_changes_nothing():
    model, optimizer, loader = parts()
    model[0][1].eval()
    before = weights(model)
    trainer = trainer_of(model, optimizer)
    first, second = trainer.evaluate(loader), trainer.evaluate(loader)
    assert first.accuracy == second.accuracy
    assert first.loss == pytest.approx(second.loss, rel=1e-14)
    assert [m.training for m in model.modules()] == [True, True, True, False, True]
    for kept, now in zip(before, weights(model), strict=True):
        np.testing.assert_array_equal(kept, now)


def test_a_regression_measures_no_accuracy():
    generator = mt.Generator(0)
    model = Linear(1, 1, generator=generator)
    x = mt.tensor(np.linspace(-1, 1, 8)[:, None])
    trainer = trainer_of(
        model,
        SGD(model.parameters(), lr=0.5),
        loss=lambda output, target: ((output - target) * (output - target)).mean(),
        metric=None,
    )
    history = trainer.fit([(x, 3.0 * x + 1.0)], epochs=60)
    assert history.epochs[-1].train.accuracy is None
    assert history.step_losses[-1] < 1e-3
    assert "accuracy" not in str(history.epochs[-1])


def test_means_count_samples_not_batches():
    mean = meter.Meter()
    mean.add(1.0, 0.5, 30)
    mean.add(5.0, 1.0, 10)
    assert mean.score.loss == pytest.approx(2.0)
    assert mean.score.accuracy == pytest.approx(25 / 40)
    assert np.isnan(meter.Meter().score.loss)


def test_accuracy_counts_the_largest():
    output = mt.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    assert accuracy(output, mt.tensor([1, 0, 0, 0])) == 0.75


def lines_of(display_of, **console):
    stream = io.StringIO()
    display = display_of(Console(file=stream, width=200, **console))
    model, optimizer, loader = parts()
    trainer_of(model, optimizer, display).fit(loader, DataLoader(problem(2), 8), epochs=2)
    return display, stream.getvalue()


def test_a_terminal_sees_a_bar():
    display, shown = lines_of(progress, force_terminal=True)
    assert isinstance(display, ProgressBar)
    assert "epoch 2/2" in shown
    assert "samples/s" in shown
    assert "6/6" in shown
    assert "test accuracy" in shown


def test_anything_else_sees_plain_lines():
    display, shown = lines_of(progress, force_terminal=False)
    assert isinstance(display, ProgressLines)
    lines = shown.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("epoch 2  loss 0.")
    assert lines[1].endswith(" s")
    assert "\x1b" not in shown


def test_a_long_epoch_is_not_silent(monkeypatch):
    monkeypatch.setattr(display, "QUIET_SECONDS", 0.0)
    _, shown = lines_of(ProgressLines)
    assert len(shown.splitlines()) == 7  # the first step only starts the clock
    assert shown.splitlines()[0].startswith("epoch 1/2  loss")
    assert shown.splitlines()[0].endswith(" s left")


def test_without_callbacks_the_display_suits_the_output(capsys):
    model, optimizer, loader = parts()
    Trainer(model, optimizer).fit(loader)
    assert capsys.readouterr().out.startswith("epoch 1  loss")
