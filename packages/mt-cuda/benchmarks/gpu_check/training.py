"""Training steps, eager and captured, beside PyTorch's, eager and with CUDA graphs."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from gpu_check.session import Row, Session, Values

Step = Callable[[], Any]
Array = np.ndarray[Any, Any]
ROUNDS = 200
RATE = 0.01
EAGER_CALLS = 3
"""How often a captured step runs as it is written, before it is replayed."""


def rows(session: Session) -> Iterator[Row]:
    """Yield LeNet by batch, and the network of Xor by its hidden layer."""
    if find_spec("mt_nn") is None:
        yield Row("training", {"left out": "mt-nn is not installed"})
        return
    # Above, these would keep the other sections from a machine without mt-nn.
    from gpu_check import ours, theirs  # noqa: PLC0415

    if session.small:
        yield Row("LeNet", {"left out": "in the simulator a step of it takes half a minute"})
    for batch in () if session.small else (16, 128):
        data = digits(batch)
        yield compared(session, f"LeNet, batch {batch}", data, ours.lenet, theirs.lenet)
    for hidden in (4,) if session.small else (10, 100):
        name = f"Xor, hidden {hidden}, batch 10"
        yield compared(session, name, points(hidden), ours.xor, theirs.xor)


def digits(batch: int) -> tuple[Array, Array]:
    """Draw images and their classes."""
    generator = np.random.default_rng(0)
    images = generator.normal(size=(batch, 1, 28, 28)).astype(np.float32)
    return images, generator.integers(0, 10, batch)


def points(hidden: int) -> tuple[Array, Array, int]:
    """Draw points of a square and whether they lie in opposite quarters."""
    x = np.random.default_rng(0).random((10, 2), np.float32)
    return x, ((x[:, 0] < 0.5) != (x[:, 1] < 0.5)).astype(np.float32)[:, None], hidden  # noqa: PLR2004


def compared(
    session: Session,
    name: str,
    data: tuple[Any, ...],
    mine: Callable[..., Any],
    other: Callable[..., Step],
) -> Row:
    """Time the four ways to take a step, in microseconds."""
    from gpu_check import ours, theirs  # noqa: PLC0415  as above

    step = mine(session.backend, *data)
    captured = ours.captured(mine(session.backend, *data))
    for _ in range(EAGER_CALLS):
        captured()
    values: Values = {
        "eager, us": microseconds(session, step),
        "captured, us": microseconds(session, captured),
    }
    values["replayed"] = captured.func.replayed
    torch = session.peers.torch
    if torch is None:
        return Row(name, values | {"PyTorch": f"absent: {session.peers.absent['torch']}"})
    step = other(torch, *data)
    values["PyTorch, us"] = microseconds(session, step)
    graph = theirs.captured(torch, other(torch, *data))
    values["PyTorch's graph, us"] = microseconds(session, graph)
    return Row(name, values)


def microseconds(session: Session, step: Step) -> float:
    """Return the time that passes for a step, of many in a row."""
    return 1e3 * session.machine.wall_ms(step, 1 if session.small else ROUNDS)
