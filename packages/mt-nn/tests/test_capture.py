"""Captured training: the bits of the same run as it is written, with all that goes on in between.

The short form takes a few dozen steps. `MT_CAPTURE_STEPS=500` takes as many, of each network.
"""

import os

import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import (
    GELU,
    GRU,
    LSTM,
    AdaptiveAvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Checkpoints,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    DataLoader,
    Dropout,
    GroupNorm,
    LayerNorm,
    Linear,
    MaxPool2d,
    MultiheadAttention,
    NonFiniteLossError,
    ReLU,
    Schedule,
    Sequential,
    Sigmoid,
    Softmax,
    TensorDataset,
    Trainer,
)
from mt_nn.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
    scaled_dot_product_attention,
)
from mt_nn.models import LeNet
from mt_nn.models.sentence_cnn import SentenceCNN
from mt_nn.optim import SGD, Adagrad, Adam, AdamW, Lion, RMSprop
from mt_nn.optim.lr_scheduler import StepLR
from mt_nn.training.step import TrainingStep

LONG = int(os.environ.get("MT_CAPTURE_STEPS", "0"))


def xor(seed):
    generator = mt.Generator(seed)
    rng = np.random.default_rng(seed)
    sizes = [(2, 10), (10, 10), (10, 1)]
    layers = [Linear(*s, generator=generator, dtype="float32") for s in sizes]
    model = Sequential(layers[0], ReLU(), layers[1], ReLU(), layers[2])
    x = rng.random((50, 2)).astype(np.float32)
    y = ((x[:, :1] > 0.5) != (x[:, 1:] > 0.5)).astype(np.float32)
    return model, x, y, 10, binary_cross_entropy_with_logits


def noisy(seed):
    """Xor with dropout, and with a last batch of two samples."""
    model, x, y, _, loss = xor(seed)
    *first, last = model
    return Sequential(*first, Dropout(0.25), last), x, y, 8, loss


def digits(seed):
    rng = np.random.default_rng(seed)
    x = rng.random((20, 1, 28, 28)).astype(np.float32)
    y = rng.integers(0, 10, 20)
    return LeNet(generator=mt.Generator(seed), dtype="float32"), x, y, 8, nll_loss


def sentences(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 40, (20, 9)), rng.integers(0, 2, 20)
    generator = mt.Generator(seed)
    model = SentenceCNN(40, 12, channels=7, generator=generator, dtype="float32")
    return model, x, y, 8, nll_loss


def trained(problem, optimizer, *, capture, steps, **options):
    """Train, and return everything that the run has left."""
    mt.manual_seed(1)
    model, x, y, batch, loss = problem(3)
    data = TensorDataset(mt.tensor(x), mt.tensor(y))
    loader = DataLoader(data, batch, shuffle=True, generator=mt.Generator(4))
    descent = optimizer(model.parameters())
    callbacks = [Schedule(StepLR(descent, 2, 0.5), every="step")] if "schedule" in options else []
    trainer = Trainer(model, descent, loss=loss, metric=None, callbacks=callbacks, capture=capture)
    history = trainer.fit(loader, epochs=steps, max_steps=steps)
    return model, descent, history, trainer


def bits(run):
    model, descent, history, _ = run
    state = descent.state_dict()["state"].values()
    kept = [
        v.numpy().tobytes() if isinstance(v, mt.Tensor) else v for s in state for v in s.values()
    ]
    weights = [p.value.detach().numpy().tobytes() for p in model.parameters()]
    slopes = [p.value.grad.numpy().tobytes() for p in model.parameters()]
    return history.step_losses, weights, slopes, kept


def check_capture(problem, optimizer, steps, **options):
    plain = trained(problem, optimizer, capture=False, steps=steps, **options)
    captured = trained(problem, optimizer, capture=True, steps=steps, **options)
    assert bits(plain) == bits(captured)
    return captured[-1].take_step


RULES = {
    "sgd": lambda p: SGD(p, lr=0.1),
    "nesterov": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: Adam(p, lr=0.01, weight_decay=0.01),
    "adamw": lambda p: AdamW(p, lr=0.01),
    "rmsprop": lambda p: RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    "adagrad": lambda p: Adagrad(p, lr=0.1, lr_decay=0.1),
    "lion": lambda p: Lion(p, lr=0.01, weight_decay=0.1),
}


@pytest.mark.parametrize("problem", [xor, digits, sentences])
def test_a_run_has_the_same_bits(backend, problem):
    if backend == "simple" and problem is not xor:
        pytest.skip("loops in Python take minutes for this network")
    steps = LONG or (60 if problem is xor else 24)
    rule = RULES["adam" if problem is sentences else "nesterov"]
    step = check_capture(problem, rule, steps)
    assert step.eager <= 6
    assert step.replayed == steps - step.eager


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_and_a_rate_that_changes(backend, rule):
    assert check_capture(xor, rule, 15, schedule=True).eager == 3


def test_a_smaller_last_batch_has_a_replay_of_its_own():
    step = check_capture(noisy, RULES["sgd"], 35)
    assert (step.eager, step.replayed) == (6, 29)


def accumulated(*, capture):
    model, x, y, batch, loss = xor(3)
    loader = DataLoader(TensorDataset(mt.tensor(x), mt.tensor(y)), batch)
    options = {"loss": loss, "metric": None, "callbacks": (), "accumulate": 2, "capture": capture}
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1), **options)
    return trainer.fit(loader, epochs=8).step_losses, trainer


def test_accumulated_batches_are_one_step():
    losses, trainer = accumulated(capture=True)
    assert losses == accumulated(capture=False)[0]
    assert trainer.take_step.replayed > 10


def test_a_run_that_was_stopped_goes_on_with_the_same_bits(tmp_path):
    def trainer(checkpoints):
        mt.manual_seed(1)
        model, x, y, batch, loss = noisy(3)
        loader = DataLoader(
            TensorDataset(mt.tensor(x), mt.tensor(y)),
            batch,
            shuffle=True,
            generator=mt.Generator(4),
        )
        optimizer = Adam(model.parameters(), lr=0.01)
        options = {"loss": loss, "metric": None, "callbacks": (), "capture": True}
        return Trainer(model, optimizer, checkpoints=checkpoints, **options), loader, model

    whole, loader, model = trainer(None)
    losses = whole.fit(loader, epochs=5).step_losses
    weights = [p.value.detach().numpy().tobytes() for p in model.parameters()]
    first, loader, _ = trainer(Checkpoints(tmp_path / "run", every=7))
    first.fit(loader, epochs=5, max_steps=7)
    second, loader, model = trainer(None)
    mt.manual_seed(99)
    file = tmp_path / "run"
    assert second.fit(loader, epochs=5, resume=file).step_losses == losses
    assert [p.value.detach().numpy().tobytes() for p in model.parameters()] == weights


def test_a_loss_that_is_not_finite_stops_the_replay_before_the_step():
    model = Sequential(Linear(2, 1))
    data = [(mt.ones(4, 2) * s, mt.ones(4, 1)) for s in (1.0,) * 6 + (float("nan"),)]
    options = {"loss": binary_cross_entropy_with_logits, "metric": None, "callbacks": ()}
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1), capture=True, **options)
    with pytest.raises(
        NonFiniteLossError, match=r"the loss is nan at step 7 .* the inputs have it"
    ):
        trainer.fit(data)
    assert np.isfinite(model.parameters()[0].value.detach().numpy()).all()
    assert trainer.take_step.replayed == 4


def test_a_limit_on_the_norm_is_refused():
    model = Sequential(Linear(2, 1))
    with pytest.raises(ValueError, match="clip_norm looks at the gradients"):
        Trainer(model, SGD(model.parameters()), clip_norm=1.0, capture=True)


NETWORKS = {
    "batch norm": (lambda: BatchNorm2d(3), (4, 3, 5, 5)),
    "layer norm": (lambda: LayerNorm(6), (4, 6)),
    "group norm": (lambda: GroupNorm(2, 4), (2, 4, 3, 3)),
    "attention": (lambda: Causal(), (2, 5, 8)),  # noqa: PLW0108  it is defined below
    "gru": (lambda: GRU(4, 5), (6, 3, 4)),
    "lstm": (lambda: LSTM(4, 5), (6, 3, 4)),
    "adaptive": (lambda: Sequential(Conv2d(3, 4, 3), AdaptiveAvgPool2d(2)), (2, 3, 8, 8)),
    "max pool": (lambda: Sequential(Conv2d(3, 4, 3), MaxPool2d(2)), (2, 3, 8, 8)),
    "transposed": (lambda: ConvTranspose2d(3, 4, 3, stride=2), (2, 3, 4, 4)),
    "sequence": (lambda: Conv1d(3, 4, 3, padding=1), (2, 3, 7)),
    "activations": (lambda: Sequential(Linear(4, 4), GELU(), Softmax(dim=1)), (3, 4)),
}
LOSSES = [binary_cross_entropy, binary_cross_entropy_with_logits, mse_loss, l1_loss, huber_loss]


class Causal(MultiheadAttention):
    def __init__(self):
        super().__init__(8, 2, batch_first=True)

    def forward(self, x):
        return self.out_proj(scaled_dot_product_attention(x, x, x, is_causal=True))


def check_network(make, shape, loss):
    """Train with and without capture; compare losses, parameters and buffers."""
    left = []
    for capture in (False, True):
        mt.manual_seed(0)
        model = make()
        optimizer = SGD(model.parameters(), lr=0.01)
        step = TrainingStep(model, optimizer, loss, None)
        step = mt.capture(step) if capture else step
        x = mt.tensor(np.random.default_rng(0).standard_normal(shape))
        losses = [step(x * (1.0 + i), x)[0].item() for i in range(6)]
        left.append((losses, [v.detach().numpy().tobytes() for v in model.state().values()]))
    assert left[0] == left[1]
    assert step.replayed == 3


def mean_square(output, _target):
    first = output[0] if isinstance(output, tuple) else output
    return (first * first).mean()


@pytest.mark.parametrize(("make", "shape"), NETWORKS.values(), ids=NETWORKS)
def test_a_network_of_any_layer(backend, make, shape):
    check_network(make, shape, mean_square)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda f: f.__name__)
def test_a_loss_of_any_kind(backend, loss):
    def bounded(output, target):
        return loss(output.sigmoid(), target.sigmoid())

    check_network(lambda: Linear(3, 3), (4, 3), bounded)


def test_what_a_network_reads_is_blamed():
    model = Sequential(Linear(2, 3), BatchNorm1d(3, momentum=None), Linear(3, 1), Sigmoid())
    options = {"loss": lambda p, y: (p - y).abs().mean(), "metric": None, "callbacks": ()}
    trainer = Trainer(model, SGD(model.parameters()), capture=True, **options)
    with pytest.raises(mt.CaptureError, match="reads the elements of a tensor, which cannot be"):
        trainer.fit([(mt.rand(4, 2), mt.ones(4, 1))] * 3)


def captured_losses(loss, targets, *, warm=4):
    """Capture a loss of fixed scores, and return it for each target."""
    scores = mt.tensor(np.random.default_rng(0).standard_normal((4, 3)))
    captured = mt.capture(lambda t: loss(scores, t))
    for _ in range(warm):
        captured(mt.tensor([0, 1, 2, 0]))
    return captured, [captured(mt.tensor(t)).item() for t in targets], scores


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_classes_are_inputs_like_any_other(backend, smoothing):
    def loss(scores, t):
        return cross_entropy(scores, t, label_smoothing=smoothing)

    targets = [[2, 2, 1, 0], [0, 0, 0, 0]]
    captured, losses, scores = captured_losses(loss, targets)
    assert losses == [loss(scores, mt.tensor(t)).item() for t in targets]
    assert captured.replayed == 3


def test_a_class_that_there_is_not_is_refused_by_a_replay(backend):
    captured, _, _ = captured_losses(cross_entropy, [])
    with pytest.raises(mt.IndexingError, match=r"target\[1\] = 3; classes are from 0 to 2"):
        captured(mt.tensor([0, 3, 0, 0]))
    with pytest.raises(mt.CaptureError, match="target holds ignore_index -100, in a captured step"):
        captured(mt.tensor([0, -100, 0, 0]))


def test_dropout_draws_a_key_for_each_replay(backend):
    layer = Dropout(0.5, generator=mt.Generator(0))
    twin = Dropout(0.5, generator=mt.Generator(0))
    captured, x = mt.capture(layer), mt.ones(64)
    for _ in range(8):
        np.testing.assert_array_equal(captured(x).numpy(), twin(x).numpy())
    assert captured.replayed == 5
    assert layer.generator.state() == twin.generator.state()
