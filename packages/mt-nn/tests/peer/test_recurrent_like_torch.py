"""Recurrent layers and attention against PyTorch, with its weights, in every form of input."""

import numpy as np
import pytest

import mt_nn
import mt_tensor as mt

torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")

LAYERS = {
    "RNN": lambda nn: nn.RNN(3, 4),
    "RNN, relu": lambda nn: nn.RNN(3, 4, 2, "relu", bias=False),
    "GRU": lambda nn: nn.GRU(3, 4),
    "GRU, two layers both ways": lambda nn: nn.GRU(3, 4, 2, bidirectional=True),
    "LSTM": lambda nn: nn.LSTM(3, 4),
    "LSTM, two layers both ways": lambda nn: nn.LSTM(3, 4, 2, bidirectional=True),
    "LSTM, batch first": lambda nn: nn.LSTM(3, 4, batch_first=True),
}
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


def pair(make, dtype):
    torch.manual_seed(0)
    theirs = make(torch.nn).to(getattr(torch, dtype))
    ours = mt_nn.move(make(mt_nn), dtype)
    ours.load_state({k: mt.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    return ours, theirs


def leaves(arrays):
    mine = [mt.tensor(a, requires_grad=True) for a in arrays]
    return mine, [torch.tensor(a, requires_grad=True) for a in arrays]


def flat(results):
    first, after = results
    return [first, *(after if isinstance(after, tuple) else (after,))]


def compare(ours, theirs, mine, other, here, there):  # noqa: PLR0913, PLR0917
    sum((h * h).sum() for h in here).backward()
    sum((t * t).sum() for t in there).backward()
    pairs = [(h.detach(), t.detach()) for h, t in zip(here, there, strict=True)]
    pairs += [(m.grad, o.grad) for m, o in zip(mine, other, strict=True)]
    pairs += [
        (p.value.grad, q.grad) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True)
    ]
    for a, b in pairs:
        tolerance = TOLERANCE[str(a.dtype)]
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("form", ["batch", "one sequence", "with a state"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_sequence_runs_as_in_pytorch(name, form, dtype):
    ours, theirs = pair(LAYERS[name], dtype)
    assert [k for k, _ in ours.named_parameters()] == [k for k, _ in theirs.named_parameters()]
    rng = np.random.default_rng(1)
    shape = (5, 3) if form == "one sequence" else (5, 2, 3)
    arrays = [rng.standard_normal(shape).astype(dtype)]
    if form == "with a state":
        batch = 5 if ours.batch_first else 2
        size = (ours.num_layers * len(ours.directions), batch, 4)
        arrays += [rng.standard_normal(size).astype(dtype) for _ in range(ours.states)]
    mine, other = leaves(arrays)
    states = [(s[1:],) if len(s) > 2 else s[1:] for s in (mine, other)]
    states = [tuple(tuple(k) if isinstance(k, list) else k for k in s) for s in states]
    here, there = ours(mine[0], *states[0]), theirs(other[0], *states[1])
    compare(ours, theirs, mine, other, flat(here), flat(there))


MASKS = {
    "no mask": {},
    "padding": {"key_padding_mask": np.array([[False, False, True], [False, True, False]])},
    "what is not to be read": {"attn_mask": np.triu(np.ones((4, 3), bool), 1)},
    "added, for each head": {"attn_mask": np.linspace(-1, 1, 48).reshape(4, 4, 3)},
    "no mean of the weights": {"average_attn_weights": False},
}


def converted(options, make, dtype):
    return {
        k: v if isinstance(v, bool) else make(v if v.dtype == bool else v.astype(dtype))
        for k, v in options.items()
    }


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("mask", MASKS)
def test_attention_reads_as_in_pytorch(mask, batch_first, dtype):
    ours, theirs = pair(lambda nn: nn.MultiheadAttention(6, 2, batch_first=batch_first), dtype)
    rng = np.random.default_rng(2)
    shapes = [(2, n, 6) if batch_first else (n, 2, 6) for n in (4, 3, 3)]
    mine, other = leaves([rng.standard_normal(shape).astype(dtype) for shape in shapes])
    here = ours(*mine, **converted(MASKS[mask], mt.tensor, dtype))
    there = theirs(*other, **converted(MASKS[mask], torch.tensor, dtype))
    compare(ours, theirs, mine, other, here, there)


def test_one_sequence_attends_to_itself_as_in_pytorch():
    ours, theirs = pair(lambda nn: nn.MultiheadAttention(6, 3, bias=False), "float64")
    mine, other = leaves([np.random.default_rng(3).standard_normal((4, 6))])
    later = np.triu(np.ones((4, 4), bool), 1)
    here = ours(mine[0], mine[0], mine[0], is_causal=True)
    there = theirs(other[0], other[0], other[0], attn_mask=torch.tensor(later), is_causal=True)
    compare(ours, theirs, mine, other, here, there)
