"""A run that is stopped anywhere and goes on ends with the same weights, bit for bit."""

import os
import signal

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import (
    BatchNorm1d,
    Callback,
    CheckpointError,
    Checkpoints,
    DataLoader,
    Dropout,
    EarlyStopping,
    Linear,
    LogSoftmax,
    NonFiniteLossError,
    Schedule,
    Sequential,
    TensorDataset,
    Trainer,
)
from mt_nn.checkpoint import load_tree
from mt_nn.optim import SGD, Adam, lr_scheduler

EPOCHS, BATCHES = 3, 4


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, trainer):
        if trainer.step == self.step:
            trainer.stop()


def made(path, stop=0, optimizer=Adam, accumulate=1, every=1):
    """Make a run from nothing, as a program does each time it is started."""
    mt.manual_seed(9)
    generator = mt.Generator(1)
    model = Sequential(
        Linear(2, 6, generator=generator),
        BatchNorm1d(6),
        Dropout(0.3),
        Linear(6, 2, generator=generator),
        LogSoftmax(dim=1),
    )
    rng = np.random.default_rng(2)
    x = rng.standard_normal((4 * BATCHES - 1, 2))
    data = TensorDataset(mt.tensor(x), mt.tensor((x.sum(1) > 0).astype(int)))
    moved = optimizer(model.parameters(), lr=0.05)
    schedule = Schedule(lr_scheduler.CosineAnnealingLR(moved, EPOCHS * BATCHES), "step")
    trainer = Trainer(
        model,
        moved,
        callbacks=[schedule, StopAt(stop)],
        accumulate=accumulate,
        clip_norm=1.0,
        checkpoints=Checkpoints(path, every=every, config={"width": 6}),
    )
    loader = DataLoader(data, 4, shuffle=True, generator=mt.Generator(3))
    return trainer, loader, DataLoader(data, 8)


def outcome(trainer):
    """Return what two equal runs have in common."""
    weights = {name: value.tolist() for name, value in trainer.model.state().items()}
    scores = [(e.number, e.train, e.test) for e in trainer.history.epochs]
    return weights, scores, trainer.history.step_losses, mt.default_generator.state()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    trainer, train, test = made(tmp_path_factory.mktemp("whole") / "run.safetensors")
    trainer.fit(train, test, epochs=EPOCHS)
    return outcome(trainer)


@pytest.mark.parametrize("stop", range(1, EPOCHS * BATCHES))
def test_it_goes_on_from_any_step(tmp_path, whole, stop):
    path = tmp_path / "run.safetensors"
    trainer, train, test = made(path, stop)
    trainer.fit(train, test, epochs=EPOCHS)
    assert trainer.step == stop
    assert load_tree(path)["config"] == {"width": 6}
    trainer, train, test = made(path)
    trainer.fit(train, test, epochs=EPOCHS, resume=path)
    assert outcome(trainer) == whole


def test_it_goes_on_more_than_once(tmp_path, whole):
    path = tmp_path / "run.safetensors"
    resume = None
    for stop in (3, 4, 5, 9, 0):
        trainer, train, test = made(path, stop)
        trainer.fit(train, test, epochs=EPOCHS, resume=resume)
        resume = path
    assert outcome(trainer) == whole


def test_it_goes_on_after_ctrl_c(tmp_path, whole):
    class Press(Callback):
        def on_step_end(self, trainer):
            if trainer.step == 6:
                os.kill(os.getpid(), signal.SIGINT)

    path = tmp_path / "run.safetensors"
    trainer, train, test = made(path, every=100)
    trainer.callbacks[1] = Press()
    assert trainer.fit(train, test, epochs=EPOCHS).interrupted
    trainer, train, test = made(path)
    history = trainer.fit(train, test, epochs=EPOCHS, resume=path)
    assert not history.interrupted
    assert outcome(trainer) == whole


def test_a_run_that_is_over_stays_over(tmp_path, whole):
    path = tmp_path / "run.safetensors"
    trainer, train, test = made(path)
    trainer.fit(train, test, epochs=EPOCHS)
    trainer, train, test = made(path)
    trainer.fit(train, test, epochs=EPOCHS, resume=path)
    assert outcome(trainer) == whole


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_steps_of_several_batches_go_on(tmp_path, stop):
    ends = []
    for first in (0, stop):
        path = tmp_path / f"{first}.safetensors"
        trainer, train, test = made(path, first, accumulate=3)
        trainer.fit(train, test, epochs=2)
        if first:
            trainer, train, test = made(path, accumulate=3)
            trainer.fit(train, test, epochs=2, resume=path)
        ends.append(outcome(trainer))
    assert ends[0] == ends[1]
    assert len(ends[0][2]) == 4


def test_batches_in_a_list_go_on(tmp_path):
    ends = []
    for stop in (0, 2):
        path = tmp_path / f"{stop}.safetensors"
        trainer, train, _ = made(path, stop)
        batches = list(train)
        trainer.fit(batches, epochs=2)
        if stop:
            trainer, train, _ = made(path)
            list(train)
            trainer.fit(batches, epochs=2, resume=path)
        ends.append(outcome(trainer)[:3])
    assert ends[0] == ends[1]


def test_early_stopping_goes_on_and_stays_stopped(tmp_path):
    def run(path, stop, resume=None):
        trainer, train, test = made(path, stop)
        early = EarlyStopping(patience=1, min_delta=0.2)
        trainer.callbacks.append(early)
        trainer.fit(train, test, epochs=9, resume=resume)
        return (*outcome(trainer), early.best, early.best_epoch)

    path = tmp_path / "a.safetensors"
    expected = run(path, 0)
    assert len(expected[1]) < 9
    assert run(path, 0, resume=path) == expected
    other = tmp_path / "b.safetensors"
    run(other, 7)
    assert run(other, 0, resume=other) == expected


def broken(path, change):
    trainer, train, test = made(path, 5)
    trainer.fit(train, test, epochs=EPOCHS)
    trainer, train, test = made(path)
    train = change(trainer, train) or train
    return lambda: trainer.fit(train, test, epochs=EPOCHS, resume=path)


CHANGES = {
    "another network": (
        lambda t, _: setattr(t, "model", Linear(2, 2)),
        "missing weight; missing bias; unexpected 0.weight",
    ),
    "another optimiser": (
        lambda t, _: setattr(t, "optimizer", SGD([{"params": t.model.parameters()[:1]}])),
        r"groups of \[1\] parameters cannot load a state for \[6\]",
    ),
    "fewer callbacks": (
        lambda t, _: t.callbacks.clear(),
        "it keeps 2 callbacks, and this run has 0",
    ),
    "fewer generators": (
        lambda _, d: setattr(d, "generator", None),
        "it keeps 2 random generators, and this run has 1",
    ),
    "other data": (
        lambda _, d: DataLoader(range(9), 4, shuffle=True, generator=d.generator),
        "the order of a data set of 15 samples cannot go on with one of 9",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_checkpoint_of_another_run(tmp_path, name):
    change, message = CHANGES[name]
    with pytest.raises(CheckpointError, match=f"run.safetensors.*{message}"):
        broken(tmp_path / "run.safetensors", change)()


def test_a_checkpoint_that_is_not_there(tmp_path):
    trainer, train, _ = made(tmp_path / "run.safetensors")
    with pytest.raises(FileNotFoundError):
        trainer.fit(train, resume=tmp_path / "none.safetensors")


def test_a_loss_that_is_no_number_names_layer_and_checkpoint(tmp_path):
    path = tmp_path / "run.safetensors"
    trainer, train, _ = made(path)
    (inputs, target), second, *_ = list(train)
    huge = mt.tensor(np.full((4, 2), 1e308))
    with pytest.raises(NonFiniteLossError) as caught:
        trainer.fit([(inputs, target), second, (huge * 10.0, target)])
    for fact in [
        "the loss is nan at step 3 (epoch 1)",
        "the inputs have it already",
        f"the last good checkpoint is {path}, of step 2",
    ]:
        assert fact in str(caught.value)


def test_where_a_number_went_wrong():
    def told(model, inputs):
        optimizer = SGD(model.parameters())
        trainer = Trainer(
            model, optimizer, callbacks=[], loss=lambda o, t: (o * t).sum(), metric=None
        )
        with pytest.raises(NonFiniteLossError) as caught:
            trainer.fit([(inputs, mt.full(inputs.shape[:1], 1e308).view(-1, 1) * 10.0)])
        return str(caught.value)

    layers = Sequential(Linear(1, 1, bias=False), Linear(1, 1, bias=False))
    for layer in layers:
        layer.weight.value.detach().fill_(1e200)
    ones = mt.ones(2, 1)
    assert "it first appears in layer '1', Linear(in_features=1" in told(layers, ones)
    layers[1].weight.value.detach().fill_(float("nan"))
    assert "parameter 1.weight has it already" in told(layers, ones)
    for layer in layers:
        layer.weight.value.detach().fill_(1.0)
    assert "it first appears in the loss itself" in told(layers, ones)
    assert "forward" not in vars(layers)


def test_how_often_is_a_positive_number(tmp_path):
    with pytest.raises(ValueError, match="Checkpoints: every must be a positive integer, not 0"):
        Checkpoints(tmp_path / "run", every=0)
    assert str(Checkpoints(tmp_path / "run")) == "there is no checkpoint yet"
