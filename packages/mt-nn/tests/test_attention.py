import numpy as np
import pytest

import mt_tensor as mt
from mt_nn import MultiheadAttention
from mt_nn.functional import scaled_dot_product_attention as attend


def drawn(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def oracle(q, k, v, added=0.0, scale=None):
    scores = q @ np.swapaxes(k, -1, -2) * (scale or 1 / np.sqrt(q.shape[-1])) + added
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True) @ v


QKV = [(2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)]


def inputs(shapes=QKV):
    arrays = [drawn(i, *shape) for i, shape in enumerate(shapes)]
    return arrays, [mt.tensor(a) for a in arrays]


def test_it_averages_values_by_match(backend):
    arrays, tensors = inputs()
    result = attend(*tensors).numpy()
    np.testing.assert_allclose(result, oracle(*arrays), rtol=0, atol=1e-13, strict=True)
    result = attend(*tensors, scale=0.3).numpy()
    np.testing.assert_allclose(result, oracle(*arrays, scale=0.3), rtol=0, atol=1e-13)


def test_masks_of_truth_values_and_of_floats(backend):
    arrays, tensors = inputs()
    allowed = np.random.default_rng(9).random((4, 6)) > 0.5
    allowed[:, 0] = True
    added = np.where(allowed, 0.0, -np.inf)
    expected = oracle(*arrays, added)
    for mask in (allowed, added):
        result = attend(*tensors, attn_mask=mt.tensor(mask)).numpy()
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-13)


def test_causal_reads_no_later_position(backend):
    arrays, tensors = inputs([(2, 4, 5)] * 3)
    added = np.where(np.tri(4, dtype=bool), 0.0, -np.inf)
    result = attend(*tensors, is_causal=True).numpy()
    np.testing.assert_allclose(result, oracle(*arrays, added), rtol=0, atol=1e-13)


@pytest.mark.parametrize("floats", [False, True])
def test_who_may_read_nothing_gets_zero_and_no_gradient(backend, floats):
    _, tensors = inputs([(3, 5), (2, 5), (2, 5)])
    allowed = np.array([[True, False], [False, False], [True, True]])
    mask = np.where(allowed, 0.0, -np.inf) if floats else allowed
    leaves = [t.requires_grad_() for t in tensors]
    result = attend(*leaves, attn_mask=mt.tensor(mask))
    assert result[1].tolist() == [0.0] * 5
    result.sum().backward()
    assert leaves[0].grad[1].tolist() == [0.0] * 5
    assert all(np.isfinite(leaf.grad.numpy()).all() for leaf in leaves)


@pytest.mark.parametrize(
    "options", [{}, {"is_causal": True}, {"attn_mask": np.array([[True] * 5 + [False]] * 4)}]
)
def test_gradients(backend, options):
    _, tensors = inputs([(4, 5), (6, 5), (6, 3)])
    options = {k: v if v is True else mt.tensor(v) for k, v in options.items()}
    mt.grad_check(lambda q, k, v: attend(q, k, v, **options), *tensors)


def test_float32_stays_float32():
    tensors = [mt.tensor(a.astype("f")) for a in inputs()[0]]
    mask = mt.tensor(np.ones((4, 6), bool))
    assert attend(*tensors, attn_mask=mask).dtype == mt.float32


def test_dropout_drops_weights():
    _, tensors = inputs()
    plain, dropped = (attend(*tensors, dropout_p=p, generator=mt.Generator(0)) for p in (0.0, 0.5))
    assert plain.tolist() != dropped.tolist()
    assert not attend(*tensors, dropout_p=1.0).numpy().any()


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(4, 5), (6, 4), (6, 3)], r"query.shape\[-1\] = 5 must equal key.shape\[-1\] = 4"),
        ([(4, 5), (6, 5), (7, 3)], r"key.shape\[-2\] = 6 value.shape\[-2\] = 7"),
        ([(5,), (6, 5), (6, 3)], r"query is \(5,\), .* each must have 2 dimensions or more"),
    ],
)
def test_shapes_that_do_not_fit(shapes, message):
    with pytest.raises(mt.ShapeError, match=message):
        attend(*(mt.zeros(shape) for shape in shapes))


def test_a_mask_and_causal():
    with pytest.raises(ValueError, match="give attn_mask or is_causal, not both"):
        attend(*(mt.zeros(2, 2),) * 3, attn_mask=mt.zeros(2, 2), is_causal=True)


def heads_of(layer, q, k, v, added=0.0):
    """Do what a layer does, with NumPy; inputs are (N, L, E)."""
    weight, out = (p.value.detach().numpy() for p in (layer.in_proj_weight, layer.out_proj.weight))
    shifts = np.split(layer.in_proj_bias.value.detach().numpy(), 3)
    parts = [
        (t @ w.T + b).reshape(*t.shape[:2], layer.num_heads, -1).swapaxes(1, 2)
        for t, w, b in zip((q, k, v), np.split(weight, 3), shifts, strict=True)
    ]
    joined = oracle(*parts, added).swapaxes(1, 2).reshape(*q.shape)
    return joined @ out.T + layer.out_proj.bias.value.detach().numpy()


def layer(**options):
    made = MultiheadAttention(6, 2, generator=mt.Generator(0), **options)
    for name in ("in_proj_bias", "out_proj.bias"):
        value = made.state()[name]
        value.detach().copy_(mt.tensor(drawn(len(name), *value.shape)))
    return made


def test_heads_are_projected_and_joined(backend):
    q, k = drawn(0, 2, 4, 6), drawn(1, 2, 3, 6)
    made = layer(batch_first=True)
    result, weights = made(mt.tensor(q), mt.tensor(k), mt.tensor(k))
    expected = heads_of(made, q, k, k)
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=0, atol=1e-13)
    assert weights.shape == (2, 4, 3)
    np.testing.assert_allclose(weights.detach().numpy().sum(-1), 1.0, rtol=1e-13)


def test_what_is_forbidden_is_not_read(backend):
    q, k = drawn(2, 2, 4, 6), drawn(3, 2, 3, 6)
    made = layer(batch_first=True)
    padding = np.array([[False, False, True], [False, True, False]])
    forbidden = np.array([[False, True, True], *[[False] * 3] * 3])
    result, _ = made(
        *(mt.tensor(t) for t in (q, k, k)), mt.tensor(padding), attn_mask=mt.tensor(forbidden)
    )
    blocked = padding[:, None, None] | forbidden
    expected = heads_of(made, q, k, k, np.where(blocked, -np.inf, 0.0))
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=0, atol=1e-13)


def test_causal_self_attention_of_one_sequence():
    x, made = drawn(4, 5, 6), layer()
    result, weights = made(*(mt.tensor(x),) * 3, is_causal=True, need_weights=False)
    added = np.where(np.tri(5, dtype=bool), 0.0, -np.inf)
    expected = heads_of(made, x[None], x[None], x[None], added)[0]
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=0, atol=1e-13)
    assert weights is None


def test_it_drops_in_training_only():
    made, x = layer(dropout=0.5), mt.tensor(drawn(5, 4, 2, 6))
    assert made(x, x, x)[0].tolist() != made(x, x, x)[0].tolist()
    made.eval()
    assert made(x, x, x)[0].tolist() == made(x, x, x)[0].tolist()


def test_what_the_layer_refuses():
    with pytest.raises(ValueError, match="num_heads = 4 must divide embed_dim = 6"):
        MultiheadAttention(6, 4)
    with pytest.raises(ValueError, match="MultiheadAttention: dropout must lie between 0 and 1"):
        MultiheadAttention(6, 2, 2.0)
    made, x = layer(), mt.zeros(4, 2, 6)
    with pytest.raises(mt.ShapeError, match=r"each must be \(L, N, E\) or \(L, E\) with E = 6"):
        made(mt.zeros(4, 2, 5), x, x)
    with pytest.raises(mt.ShapeError, match="key and value must have one shape, and all three one"):
        made(x, x, mt.zeros(3, 2, 6))
    with pytest.raises(mt.ShapeError, match="all three one batch size"):
        made(mt.zeros(4, 3, 6), x, x)
    assert repr(made).startswith("MultiheadAttention(\n  6, num_heads=2")


def test_it_starts_with_xavier_and_no_shift():
    made = MultiheadAttention(6, 2, generator=mt.Generator(0))
    bound = np.sqrt(6 / (6 + 18))
    weight = made.in_proj_weight.value.detach().numpy()
    assert 0.9 * bound < abs(weight).max() <= bound
    assert not made.in_proj_bias.value.detach().numpy().any()
    assert not made.out_proj.bias.value.detach().numpy().any()
    assert made.named_parameters()[0][0] == "in_proj_weight"
    assert MultiheadAttention(6, 2, bias=False).out_proj.bias is None
