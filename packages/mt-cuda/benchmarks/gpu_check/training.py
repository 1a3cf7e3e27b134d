"""Training steps, eager and captured, beside PyTorch's, eager and with CUDA graphs.

The networks are imported when they are wanted: without mt-nn the other sections still run.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
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
    try:
        ours, theirs = (import_module(f"gpu_check.{name}") for name in ("ours", "theirs"))
    except ImportError as error:
        yield Row("training", {"left out": f"mt-nn cannot be imported: {error}"})
        return
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
    ours = import_module("gpu_check.ours")
    captured = ours.captured(mine(session.backend, *data))
    for _ in range(EAGER_CALLS):
        captured()
    values: Values = {
        "eager, us": microseconds(session, mine(session.backend, *data)),
        "captured, us": microseconds(session, captured),
        "replayed": captured.func.replayed,
    }
    return Row(name, values | peer(session, other, data))


def peer(session: Session, other: Callable[..., Step], data: tuple[Any, ...]) -> Values:
    """Time PyTorch's step, eager and by a CUDA graph; what fails there is no fault of ours."""
    torch, theirs = session.peers.torch, import_module("gpu_check.theirs")
    if torch is None:
        return {"PyTorch": f"absent: {session.peers.absent['torch']}"}
    values: Values = {}
    try:
        values["PyTorch, us"] = microseconds(session, other(torch, *data))
        graph = theirs.captured(torch, other(torch, *data))
        values["its graph, us"] = microseconds(session, graph)
    except Exception as error:  # noqa: BLE001
        values["PyTorch"] = f"{type(error).__name__}: {error}"
    return values


def microseconds(session: Session, step: Step) -> float:
    """Return the time that passes for a step, of many in a row."""
    return 1e3 * session.machine.wall_ms(step, 1 if session.small else ROUNDS)
