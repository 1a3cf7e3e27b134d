"""FLOPs against PyTorch's own counter."""

import pytest

import mt_nn
import mt_tensor as mt

torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")
counter = pytest.importorskip("torch.utils.flop_counter")


def lenet(nn):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(4, 8, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(4),
        nn.Flatten(),
        nn.Linear(392, 64),
        nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(64, 10),
        nn.LogSoftmax(1),
    )


CASES = {
    "LeNet": (lenet, (16, 1, 28, 28)),
    "Conv2d, groups": (lambda nn: nn.Conv2d(4, 6, 3, 2, 1, 2, 2), (3, 4, 9, 8)),
    "Conv1d": (lambda nn: nn.Conv1d(4, 6, 3, dilation=2), (3, 4, 9)),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2), (3, 4, 5, 6)),
    "Linear": (lambda nn: nn.Linear(5, 7), (2, 3, 5)),
    "LayerNorm": (lambda nn: nn.Sequential(nn.Linear(5, 7), nn.LayerNorm(7)), (2, 3, 5)),
}


@pytest.mark.parametrize("name", CASES)
def test_it_counts_as_pytorch_does(name):
    make, shape = CASES[name]
    model = make(torch.nn).eval()
    with counter.FlopCounterMode(display=False) as counted, torch.no_grad():
        model(torch.zeros(shape))
    table = mt_nn.summary(make(mt_nn), shape)
    assert table.flops == counted.get_total_flops()
    assert table.parameters == sum(p.numel() for p in model.parameters())


def test_attention_counts_as_pytorch_does():
    theirs = torch.nn.MultiheadAttention(6, 2, batch_first=True)
    x = torch.zeros(2, 5, 6)
    with counter.FlopCounterMode(display=False) as counted:
        theirs(x, x, x)
    ours = mt_nn.MultiheadAttention(6, 2, batch_first=True)
    assert mt_nn.summary(ours, [mt.zeros(2, 5, 6)] * 3).flops == counted.get_total_flops()
