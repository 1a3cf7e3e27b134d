"""The same networks in PyTorch, with the same loss and the same optimiser."""

from collections.abc import Callable
from typing import Any

from gpu_check.training import RATE, Array

Step = Callable[[], Any]
DEVICE = "cuda"


def lenet(torch: Any, images: Array, classes: Array) -> Step:
    """Return a step of LeNet as mt-nn has it."""
    nn = torch.nn
    network = nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.AvgPool2d(4), nn.Flatten()),
        *(nn.Linear(392, 64), nn.ReLU(), nn.Dropout(0.25), nn.Linear(64, 10), nn.LogSoftmax(1)),
    )
    return stepper(torch, network, nn.NLLLoss(), images, classes)


def xor(torch: Any, x: Array, y: Array, hidden: int) -> Step:
    """Return a step of the course's network for points."""
    nn = torch.nn
    network = nn.Sequential(
        *(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()),
        nn.Linear(hidden, 1),
    )
    return stepper(torch, network, nn.BCEWithLogitsLoss(), x, y)


def stepper(torch: Any, network: Any, loss: Any, inputs: Array, targets: Array) -> Step:
    """Return a step of gradient descent on one batch."""
    network = network.to(DEVICE)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=0.9)
    x, y = (torch.from_numpy(array).to(DEVICE) for array in (inputs, targets))

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss(network(x), y).backward()
        optimizer.step()

    return step


def captured(torch: Any, step: Step) -> Step:
    """Return a replay of a step by a CUDA graph, after some to warm up on another stream."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    replay: Step = graph.replay
    return replay
