"""ONNX files against onnxruntime, which runs them; and what cannot be written, by name."""

import sys

import numpy as np
import pytest

import mt_nn as nn
import mt_tensor as mt
from mt_nn import ExportError, Module, TraceError, export_onnx
from mt_nn.functional import elu, gelu, leaky_relu, nll_loss, pad, softplus
from mt_nn.inspection.trace import tensors_in
from mt_nn.models import GPT, MLP, LeNet, ResNet, SentenceCNN
from mt_operators import identity, op

onnx = pytest.importorskip("onnx", reason="the extra mt-nn[onnx] is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime runs the files")


class Of(Module):
    """A network that is one function."""

    def __init__(self, function, *parts):
        self.function = function
        self.parts = nn.ModuleList(parts)

    def forward(self, *inputs):
        return self.function(*inputs, *self.parts)


def attention(x, layer):
    return layer(x, x, x, is_causal=True)


def zeros(*shape):
    return mt.zeros(*shape, dtype="float32")


IMAGES = (1, 4, 9, 8)
LAYERS = {
    "Linear": (lambda: nn.Linear(4, 3), (1, 4)),
    "Linear, no bias, three dimensions": (lambda: nn.Linear(4, 3, bias=False), (1, 5, 4)),
    "Bilinear": (
        lambda: nn.Bilinear(4, 5, 6),
        [mt.zeros(1, 4, dtype="float32"), mt.zeros(1, 5, dtype="float32")],
    ),
    "Conv2d": (lambda: nn.Conv2d(4, 6, (3, 2), 2, (1, 0), (2, 1), 2), IMAGES),
    "Conv2d, same": (lambda: nn.Conv2d(4, 3, (2, 3), padding="same"), IMAGES),
    "Conv1d": (lambda: nn.Conv1d(4, 6, 3, 2, 1, 2, 2), (1, 4, 9)),
    "Conv1d, same": (lambda: nn.Conv1d(4, 6, 4, padding="same"), (1, 4, 9)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2), IMAGES),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(4, 6, 3, 3, 2, 1, 2, dilation=2), (1, 4, 9)),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, 1), IMAGES),
    "AvgPool2d, ceil": (
        lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
        IMAGES,
    ),
    "AvgPool1d": (lambda: nn.AvgPool1d(3, 2), (1, 4, 9)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), IMAGES),
    "MaxPool2d, padding and ceil": (lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True), IMAGES),
    "MaxPool1d": (lambda: nn.MaxPool1d(3, 2, 1), (1, 4, 9)),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((3, 5)), IMAGES),
    "AdaptiveAvgPool1d": (lambda: nn.AdaptiveAvgPool1d(4), (1, 4, 9)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4), (1, 4)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4), IMAGES),
    "LayerNorm": (lambda: nn.LayerNorm((9, 8)), IMAGES),
    "RMSNorm": (lambda: nn.RMSNorm(8), IMAGES),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), IMAGES),
    "ReLU": (nn.ReLU, (1, 4)),
    "Sigmoid": (nn.Sigmoid, (1, 4)),
    "Tanh": (nn.Tanh, (1, 4)),
    "SiLU": (nn.SiLU, (1, 4)),
    "GELU": (nn.GELU, (1, 4)),
    "GELU, tanh": (lambda: nn.GELU("tanh"), (1, 4)),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), (1, 4)),
    "PReLU": (lambda: nn.PReLU(4), IMAGES),
    "PReLU, one slope": (nn.PReLU, IMAGES),
    "ELU": (lambda: nn.ELU(0.7), (1, 4)),
    "Softplus": (lambda: nn.Softplus(2.0, 1.0), (1, 40)),
    "Softmax": (lambda: nn.Softmax(dim=1), (1, 4, 3)),
    "LogSoftmax": (lambda: nn.LogSoftmax(dim=-1), (1, 4)),
    "Dropout": (nn.Dropout, (1, 4)),
    "Flatten": (nn.Flatten, IMAGES),
    "Embedding": (lambda: nn.Embedding(7, 3), mt.tensor([[1, 6, 0]])),
    "Residual": (lambda: nn.Residual(nn.Linear(4, 4)), (1, 4)),
    "Sequential": (lambda: nn.Sequential(nn.Conv2d(4, 2, 3), nn.ReLU(), nn.Flatten()), IMAGES),
    "MultiheadAttention": (
        lambda: Of(attention, nn.MultiheadAttention(6, 2, batch_first=True)),
        (1, 5, 6),
    ),
    "RNN": (lambda: nn.RNN(3, 4, batch_first=True), (1, 5, 3)),
    "GRU": (lambda: nn.GRU(3, 4, bidirectional=True, batch_first=True), (1, 5, 3)),
    "LSTM": (lambda: nn.LSTM(3, 4, 2, batch_first=True), (1, 5, 3)),
    "MLP": (lambda: MLP(4, 5, 3), (1, 4)),
    "LeNet": (LeNet, (1, 1, 28, 28)),
    "ResNet": (lambda: ResNet(widths=(4, 6)), (1, 1, 8, 8)),
    "GPT": (lambda: GPT(7, context=6), mt.tensor([[1, 2, 3, 4, 5, 6]])),
    "SentenceCNN": (lambda: SentenceCNN(9, 5, channels=3), mt.tensor([[1, 2, 3, 4, 5, 6]])),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.onnx"


def agree(path, model, input_shape, batch_dim=0, scale=1.0):
    """Write a network, and compare its results with onnxruntime's on batches of several sizes."""
    nn.move(model, "float32").eval()
    export_onnx(path, model, input_shape, batch_dim=batch_dim)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for n in (1, 2, 5):
        rng = np.random.default_rng(n)
        feeds = {}
        for described in session.get_inputs():
            shape = [n if isinstance(d, str) else d for d in described.shape]
            numbers = rng.integers(0, 7, shape)
            floats = (scale * rng.standard_normal(shape)).astype("float32")
            feeds[described.name] = numbers if "int" in described.type else floats
        with mt.no_grad():
            expected = list(tensors_in(model(*map(mt.tensor, feeds.values()))))
        found = session.run(None, feeds)
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b.numpy(), rtol=1e-5, atol=1e-5, strict=True)
    return session


@pytest.mark.parametrize("name", LAYERS)
def test_it_computes_the_same(name, path):
    make, input_shape = LAYERS[name]
    mt.manual_seed(0)
    agree(path, make(), input_shape)


def test_running_statistics_are_in_it(path):
    model = nn.BatchNorm2d(4)
    for _ in range(3):
        model(mt.randn(2, 4, 3, 3) * 3.0 + 1.0)
    agree(path, model, (1, 4, 3, 3))


FUNCTIONS = {
    "arithmetic": lambda x: (2.0 - x) / (x * x + 1.0) - abs(x) + (-x) ** 2,
    "elementary": lambda x: (abs(x) + 0.1).log() + x.exp().sqrt() + x.sin() * x.cos() + x.erf(),
    "reciprocal": lambda x: (x * x + 1.0).reciprocal(),
    "extrema": lambda x: x.maximum(0.3).minimum(0.6) + x.clamp(-0.5, 0.5),
    "largest and smallest": lambda x: x.max(1) - x.min(1, keepdim=False).unsqueeze(1),
    "comparisons choose": lambda x: (
        x.where(x > 0.1, -x) + x.where(x <= 0.2, 0.0) + (x != x.max(1)) * x + (x == 0.0)
    ),
    "comparisons": lambda x: (x < 0.0, x >= 0.5, x.where(x * 2.0, 3.0)),
    "a comparison that nothing of the samples passes": lambda x: x.where(x > 50.0, x * 2.0),
    "folds": lambda x: x.sum(1) + x.mean((1, 2)) + x.prod(2) + x.var(1) + x.cumsum(2),
    "a sum of the batch": lambda x: x / x.sum(0),
    "norms": lambda x: x.logsumexp(1) + x.std(2),
    "slices": lambda x: x[:, 1:, ::2] + x[:, :-1, 3:1:-1] + x[:, 0:1, 1].unsqueeze(2),
    "integers": lambda x: x[:, -1] * x[:, :, 0].sum(1) + x[..., None, 2].sum(1),
    "the batch backwards": lambda x: x.flip(0) + x.flip(1, 2),
    "an array": lambda x: x[:, [2, 0, 0]],
    "joined": lambda x: mt.cat([x, x * 2.0, mt.stack([x, -x], 1).sum(1, keepdim=False)], 2),
    "padded": lambda x: pad(x, (1, 2, 0, 3), value=2.5),
    "shapes": lambda x: x.permute(2, 0, 1).reshape(4, -1).T.view(-1, 2, 2).expand(3, -1, 2, 2),
    "several sizes of the batch": lambda x: x.reshape(1, *x.shape).flatten(0, 1),
    "product with a constant": lambda x: (zeros(2, 3) + 1.0) @ x + (x.transpose(1, 2) @ x).sum(1),
    "triangles": mt.tril,
    "activations": lambda x: leaky_relu(x, 0.3) + elu(x, 0.5) + softplus(x) + gelu(x, "tanh"),
    "another type": lambda x: x.to("float64").to("float32") + (x > 0.0).to("float32"),
    "the same operator twice": lambda x: identity(x) + identity(x),
    "nested results": lambda x: {"a": x, "b": [x + 1.0, (x * 2.0,)]},
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_forward_may_be_anything(name, path):
    agree(path, Of(FUNCTIONS[name]), (1, 3, 4))


def test_the_batch_may_be_another_dimension_or_none(path):
    session = agree(path, nn.LSTM(3, 4), (5, 1, 3), batch_dim=1)
    assert [i.shape for i in session.get_inputs()] == [[5, "batch", 3]]
    assert [o.shape for o in session.get_outputs()] == [[5, "batch", 4], *[[1, "batch", 4]] * 2]
    session = agree(path, nn.LSTM(3, 4), (5, 2, 3), batch_dim=None)
    assert [i.shape for i in session.get_inputs()] == [[5, 2, 3]]


def test_parameters_keep_their_names_and_layers_are_in_those_of_nodes(path):
    model = LeNet()
    export_onnx(path, model, (1, 1, 28, 28))
    written = onnx.load(path)
    names = {t.name for t in written.graph.initializer}
    assert {name for name, _ in model.named_parameters()} <= names
    assert "conv1/Conv" in [node.name for node in written.graph.node]
    assert [i.name for i in written.graph.input] == ["images"]
    assert [o.name for o in written.graph.output] == ["output"]
    assert written.producer_name == "mt-nn"
    sizes = sum(np.prod(t.dims) for t in written.graph.initializer if t.data_type == 1)
    assert sizes == 26138


def test_a_name_that_is_taken_is_numbered(path):
    class Named(Module):
        def forward(self, output):
            return output + 1.0

    agree(path, Named(), (1, 2))
    written = onnx.load(path)
    assert [written.graph.input[0].name, written.graph.output[0].name] == ["output", "output_1"]


def test_it_leaves_the_network_and_the_generator_as_they_were(path, backend):
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
    before = {name: value.tolist() for name, value in model.state().items()}
    state = mt.default_generator.state()
    with mt.no_grad():
        export_onnx(path, model, (1, 3))
    assert {name: value.tolist() for name, value in model.state().items()} == before
    assert mt.default_generator.state() == state
    assert model.training
    assert model[0].weight.value.dtype == mt.float64


@op(lambda x: 3.0 * x * x)
def cube(x: float) -> float:
    """$x^3$."""
    return x * x * x


def branching(x):
    return x if x.shape[0] == 2 else x * 2.0


REFUSED = {
    "an operator of one's own": (cube, r"uses cube, which has no counterpart in ONNX here"),
    "a loss": (
        lambda x: nll_loss(x, mt.zeros(x.shape[0], dtype="int64")),
        r"uses LikelihoodLoss, which has no counterpart in ONNX here",
    ),
    "another path for another batch": (branching, "the network does something else for another"),
    "a constant of the size of the batch": (
        lambda x: mt.cat([x, mt.arange(0, x.shape[0], dtype="float64").view(-1, 1)], 1),
        r"has a constant of the size of the batch, \(2, 1\)",
    ),
    "numbers of another batch": (
        lambda x: x * mt.tensor(x.data.storage[:1].copy()),
        "computes something of the input outside of tensors",
    ),
    "stretching to the batch": (
        lambda x: x.sum(0).expand(x.shape),
        r"stretches \(1, 4\) to \(2, 4\), the size of the batch",
    ),
    "two sizes of the batch": (
        lambda x: (x @ x.T).view(1, 1, *(x.shape[0],) * 2),
        r"makes \(1, 1, 2, 2\) of \(2, 2\): several sizes of the batch",
    ),
    "several arrays": (lambda x: x[[0, 1], [1, 1]], "is indexed by several arrays"),
    "a part that depends on the batch": (
        lambda x: x[: x.shape[0] // 2 + 1],
        "takes another part of a batch of 3 than of another",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_written_names_the_layer(name, path):
    function, message = REFUSED[name]
    model = nn.Sequential(nn.Linear(4, 4), Of(function))
    with pytest.raises(ExportError, match=message) as caught:
        export_onnx(path, model, (1, 4))
    assert "something else" in message or "layer '1', a Of, " in str(caught.value)
    assert not path.exists()


def test_what_decides_by_its_numbers_names_the_layer(path):
    model = nn.Sequential(nn.Linear(4, 4), Of(lambda x: x if x.sum().item() > 0.0 else -x))
    with pytest.raises(
        TraceError, match=r"layer '1', a Of: item\(\) of a tensor of \(1, 1\)|\(1,\)"
    ):
        export_onnx(path, model, (1, 4))


def test_without_onnx_it_says_what_to_install(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'mt-nn\[onnx\]'"):
        export_onnx(path, nn.Linear(2, 1), (1, 2))
