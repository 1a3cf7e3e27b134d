"""Functions against PyTorch: one call, made of both libraries, forward and gradients.

Run as a script, this file prints the table of differences.
"""

# ruff: noqa: T201  it is a program as well

import warnings
from types import FunctionType

import numpy as np
import pytest

import mt_nn.functional as ours
import mt_tensor as mt

torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")
theirs = torch.nn.functional
theirs.logsumexp = torch.logsumexp

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")

CLASSES = np.array([2, 0, 3, 1, 1])
ALLOWED = np.array([[True, False, True], [False] * 3, [True] * 3, [False, True, False]])

# Name: the call, and the shapes of its float inputs; integer arrays are passed as they are.
CASES = {
    "linear": (lambda f, x, w, b: f.linear(x, w, b), [(2, 3, 4), (5, 4), (5,)]),
    "linear, no bias": (lambda f, x, w: f.linear(input=x, weight=w), [(3, 4), (5, 4)]),
    "conv2d": (lambda f, x, w, b: f.conv2d(x, w, b), [(2, 3, 6, 5), (4, 3, 3, 2), (4,)]),
    "conv2d, stride and padding": (
        lambda f, x, w, b: f.conv2d(x, w, bias=b, stride=(2, 1), padding=(1, 2)),
        [(2, 3, 6, 5), (4, 3, 3, 2), (4,)],
    ),
    "conv2d, one image": (lambda f, x, w: f.conv2d(x, w, padding=1), [(3, 6, 5), (4, 3, 3, 3)]),
    "conv2d, dilation": (
        lambda f, x, w, b: f.conv2d(x, w, b, stride=(2, 3), padding=(2, 1), dilation=(3, 2)),
        [(2, 3, 9, 8), (4, 3, 3, 2), (4,)],
    ),
    "conv2d, groups": (
        lambda f, x, w, b: f.conv2d(x, w, b, padding=1, groups=2),
        [(2, 4, 6, 5), (6, 2, 3, 2), (6,)],
    ),
    "conv2d, depthwise, dilation": (
        lambda f, x, w: f.conv2d(x, w, stride=2, dilation=2, groups=4),
        [(2, 4, 7, 8), (4, 1, 3, 3)],
    ),
    "conv2d, same": (
        lambda f, x, w: f.conv2d(x, w, padding="same", dilation=(1, 2)),
        [(2, 3, 6, 5), (4, 3, 2, 4)],
    ),
    "conv1d": (
        lambda f, x, w, b: f.conv1d(x, w, b, stride=2, padding=1, dilation=2, groups=2),
        [(2, 4, 9), (6, 2, 3), (6,)],
    ),
    "conv1d, same": (lambda f, x, w: f.conv1d(x, w, padding="same"), [(3, 9), (4, 3, 4)]),
    "conv_transpose2d": (
        lambda f, x, w, b: f.conv_transpose2d(x, w, b),
        [(2, 3, 4, 5), (3, 2, 3, 2), (2,)],
    ),
    "conv_transpose2d, all options": (
        lambda f, x, w, b: f.conv_transpose2d(
            x, w, b, stride=(3, 2), padding=1, output_padding=(2, 1), groups=2, dilation=(1, 2)
        ),
        [(2, 4, 3, 4), (4, 2, 3, 2), (4,)],
    ),
    "conv_transpose1d": (
        lambda f, x, w, b: f.conv_transpose1d(
            x, w, b, stride=3, padding=2, output_padding=1, groups=2, dilation=2
        ),
        [(2, 4, 6), (4, 2, 3), (4,)],
    ),
    "pad": (lambda f, x: f.pad(x, (1, 2, 0, 3), value=2.5), [(2, 3, 4)]),
    "avg_pool2d": (lambda f, x: f.avg_pool2d(x, 2), [(2, 3, 7, 6)]),
    "avg_pool2d, overlapping": (
        lambda f, x: f.avg_pool2d(x, kernel_size=(3, 2), stride=(1, 2)),
        [(2, 3, 7, 6)],
    ),
    "max_pool2d": (lambda f, x: f.max_pool2d(x, 2), [(2, 3, 7, 6)]),
    "max_pool2d, overlapping": (
        lambda f, x: f.max_pool2d(x, kernel_size=(3, 2), stride=(1, 2)),
        [(2, 3, 7, 6)],
    ),
    "avg_pool2d, all options": (
        lambda f, x: f.avg_pool2d(x, (3, 2), 2, 1, ceil_mode=True, count_include_pad=False),
        [(2, 3, 8, 6)],
    ),
    "avg_pool2d, ceil and divisor": (
        lambda f, x: f.avg_pool2d(x, 3, 2, 1, ceil_mode=True, divisor_override=5),
        [(2, 3, 8, 6)],
    ),
    "avg_pool1d": (lambda f, x: f.avg_pool1d(x, 3, 2, 1, ceil_mode=True), [(2, 3, 8)]),
    "max_pool2d, padding and ceil": (
        lambda f, x: f.max_pool2d(x, (4, 3), 3, (2, 1), ceil_mode=True),
        [(2, 3, 8, 6)],
    ),
    "max_pool1d": (lambda f, x: f.max_pool1d(x, 3, 2, 1, ceil_mode=True), [(2, 3, 8)]),
    "adaptive_avg_pool2d": (lambda f, x: f.adaptive_avg_pool2d(x, (3, 4)), [(2, 3, 7, 10)]),
    "adaptive_avg_pool1d": (lambda f, x: f.adaptive_avg_pool1d(x, 5), [(2, 3, 7)]),
    "layer_norm": (
        lambda f, x, w, b: f.layer_norm(x, (3, 4), w, b, 1e-3),
        [(2, 3, 4), (3, 4), (3, 4)],
    ),
    "rms_norm": (lambda f, x, w: f.rms_norm(x, (4,), w), [(2, 3, 4), (4,)]),
    "group_norm": (
        lambda f, x, w, b: f.group_norm(x, num_groups=2, weight=w, bias=b),
        [(2, 4, 3, 2), (4,), (4,)],
    ),
    "batch_norm, training": (
        lambda f, x, w, b: f.batch_norm(x, None, None, w, b, training=True),
        [(3, 4, 2, 2), (4,), (4,)],
    ),
    "batch_norm": (
        lambda f, x, m, v, w, b: f.batch_norm(x, m.detach(), (v * v).detach(), w, b),
        [(3, 4), (4,), (4,), (4,), (4,)],
    ),
    "relu": (lambda f, x: f.relu(x), [(3, 4)]),
    "leaky_relu": (lambda f, x: f.leaky_relu(x, 0.2), [(3, 4)]),
    "prelu": (lambda f, x, w: f.prelu(x, w), [(3, 4, 2), (4,)]),
    "elu": (lambda f, x: f.elu(x, alpha=1.5), [(3, 4)]),
    "silu": (lambda f, x: f.silu(x * 5), [(3, 4)]),
    "gelu": (lambda f, x: f.gelu(x * 3), [(3, 4)]),
    "gelu, tanh": (lambda f, x: f.gelu(x * 3, approximate="tanh"), [(3, 4)]),
    "softplus": (lambda f, x: f.softplus(x * 10, beta=2, threshold=10), [(3, 8)]),
    "sigmoid": (lambda f, x: f.sigmoid(x * 5), [(3, 4)]),
    "tanh": (lambda f, x: f.tanh(x * 3), [(3, 4)]),
    "bilinear": (
        lambda f, x, y, w, b: f.bilinear(x, y, w, b),
        [(2, 3, 4), (2, 3, 5), (6, 4, 5), (6,)],
    ),
    "embedding": (
        lambda f, t, w: f.embedding(t, w, padding_idx=1),
        [np.array([[3, 1, 3], [0, 1, 2]]), (5, 4)],
    ),
    "scaled_dot_product_attention": (
        lambda f, q, k, v: f.scaled_dot_product_attention(q, k, v),
        [(2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)],
    ),
    "scaled_dot_product_attention, causal and scaled": (
        lambda f, q, k, v: f.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.7),
        [(2, 4, 5), (2, 4, 5), (2, 4, 5)],
    ),
    "scaled_dot_product_attention, mask": (
        lambda f, q, k, v, m: f.scaled_dot_product_attention(q, k, v, m),
        [(2, 4, 5), (2, 3, 5), (2, 3, 5), ALLOWED],
    ),
    "scaled_dot_product_attention, added mask": (
        lambda f, q, k, v, m: f.scaled_dot_product_attention(q, k, v, m),
        [(2, 4, 5), (2, 3, 5), (2, 3, 5), (4, 3)],
    ),
    "logsumexp": (
        lambda f, x: f.logsumexp(x, 1, keepdim=True),
        [(3, 4, 2)],
    ),
    "softmax": (lambda f, x: f.softmax(x, dim=1), [(3, 4, 2)]),
    "log_softmax": (lambda f, x: f.log_softmax(x, dim=-1), [(3, 4)]),
    "log_softmax of 1e4": (lambda f, x: f.log_softmax(x * 1e4, dim=-1), [(3, 4)]),
    "nll_loss": (lambda f, x, t: f.nll_loss(x, t), [(5, 4), CLASSES]),
    "nll_loss, sum": (lambda f, x, t: f.nll_loss(x, t, reduction="sum"), [(5, 4), CLASSES]),
    "cross_entropy": (lambda f, x, t: f.cross_entropy(x, t), [(5, 4), CLASSES]),
    "cross_entropy, none": (
        lambda f, x, t: f.cross_entropy(x, t, reduction="none"),
        [(5, 4), CLASSES],
    ),
    "nll_loss, weight and ignored": (
        lambda f, x, t, w: f.nll_loss(x, t, w.detach().exp(), ignore_index=1),
        [(5, 4), CLASSES, (4,)],
    ),
    "nll_loss, positions": (
        lambda f, x, t: f.nll_loss(x, t),
        [(2, 4, 3), np.array([[0, 1, 3], [2, 2, 0]])],
    ),
    "cross_entropy, all options": (
        lambda f, x, t, w: f.cross_entropy(
            x, t, w.detach().exp(), ignore_index=3, label_smoothing=0.2
        ),
        [(5, 4), CLASSES, (4,)],
    ),
    "cross_entropy, positions, smooth": (
        lambda f, x, t: f.cross_entropy(x, t, label_smoothing=0.1, reduction="sum"),
        [(2, 4, 3), np.array([[0, 1, 3], [2, 2, 0]])],
    ),
    "cross_entropy, probabilities": (
        lambda f, x, t, w: f.cross_entropy(
            x, f.softmax(t, 1), w.detach().exp(), label_smoothing=0.1
        ),
        [(5, 4), (5, 4), (4,)],
    ),
    "mse_loss": (lambda f, x, y: f.mse_loss(x, y), [(3, 4), (3, 4)]),
    "l1_loss": (lambda f, x, y: f.l1_loss(x, y, reduction="sum"), [(3, 4), (3, 4)]),
    "huber_loss": (lambda f, x, y: f.huber_loss(x, y, delta=0.7), [(3, 4), (3, 4)]),
    "smooth_l1_loss": (lambda f, x, y: f.smooth_l1_loss(x, y, beta=0.7), [(3, 4), (3, 4)]),
    "binary_cross_entropy": (
        lambda f, x, t, w: f.binary_cross_entropy(
            x.sigmoid(), t.sigmoid().detach(), w.exp().detach()
        ),
        [(3, 4), (3, 4), (4,)],
    ),
    "binary_cross_entropy_with_logits": (
        lambda f, x, t, w, p: f.binary_cross_entropy_with_logits(
            x * 5, t.sigmoid().detach(), w.exp().detach(), pos_weight=p.exp().detach()
        ),
        [(3, 4), (3, 4), (4,), (4,)],
    ),
    "hinge_embedding_loss": (
        lambda f, x, t: f.hinge_embedding_loss(x, t, margin=0.5),
        [(5,), np.array([1.0, -1.0, -1.0, 1.0, -1.0])],
    ),
    "margin_ranking_loss": (
        lambda f, x, y, t: f.margin_ranking_loss(x, y, t, margin=0.5),
        [(5,), (5,), np.array([1.0, -1.0, -1.0, 1.0, -1.0])],
    ),
}

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


def difference(name, dtype):
    """Return the largest difference, relative to values above 1, of results and gradients."""
    call, inputs = CASES[name]
    rng = np.random.default_rng(len(name))
    leaf = [isinstance(i, tuple) for i in inputs]
    arrays = [rng.standard_normal(i) if isinstance(i, tuple) else i for i in inputs]
    arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays]
    mine = [mt.tensor(a, requires_grad=f) for a, f in zip(arrays, leaf, strict=True)]
    other = [torch.tensor(a, requires_grad=f) for a, f in zip(arrays, leaf, strict=True)]
    here, there = call(ours, *mine), call(theirs, *other)
    grad = rng.standard_normal(there.shape).astype(dtype)
    here.backward(mt.tensor(grad.reshape(here.shape)))
    there.backward(torch.tensor(grad))
    pairs = [(here.detach(), there.detach())]
    grads = [(m.grad, o.grad) for m, o in zip(mine, other, strict=True)]
    assert [m is None for m, _ in grads] == [o is None for _, o in grads]
    pairs += [(m, o) for m, o in grads if m is not None]
    return max(_distance(m.numpy(), o.numpy()) for m, o in pairs)


def _distance(a, b):
    if b.shape == ():
        b = b.reshape(1)
    assert a.shape == b.shape
    assert a.dtype == b.dtype
    return float((abs(a - b) / np.maximum(1.0, abs(b))).max())


def test_every_function_is_compared():
    named = {name.split(",")[0].removesuffix(" of 1e4") for name in CASES} | {"dropout"}
    public = {name for name, value in vars(ours).items() if isinstance(value, FunctionType)}
    assert public - named == set()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_it_agrees_with_pytorch(name, dtype):
    assert difference(name, dtype) <= TOLERANCE[dtype]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print("\n| function | float64 | float32 |\n| --- | --: | --: |")
    for name in CASES:
        wide, narrow = (difference(name, dtype) for dtype in TOLERANCE)
        print(f"| {name} | {wide:.0e} | {narrow:.0e} |")
