"""All that a run depends on, as one tree, so that a run that was killed can go on exactly.

That is: the network, the optimiser, the position in the data and their order, every random
generator, what the callbacks remember, and the history. Going on from it gives the same weights,
bit for bit, as a run that was never interrupted.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from mt_nn.checkpoint import CheckpointError, load_into
from mt_nn.training.history import Epoch, History, Score
from mt_tensor import Generator, default_generator

if TYPE_CHECKING:
    from mt_nn.training.trainer import Batches, Trainer


def run_state(trainer: "Trainer", train: "Batches") -> dict[str, Any]:
    """Return the state of a run between two steps."""
    return {
        "epoch": trainer.epoch,
        "step": trainer.step,
        "batch": trainer.batch,
        "over": trainer.over,
        "running": trainer.running.state_dict(),
        "history": {
            "step_losses": np.array(trainer.history.step_losses, np.float64),
            "epochs": [asdict(epoch) for epoch in trainer.history.epochs],
        },
        "model": trainer.model.state(),
        "optimizer": trainer.optimizer.state_dict(),
        "data": train.state_dict() if trainer.batch and hasattr(train, "state_dict") else None,
        "generators": [generator.state() for generator in _generators(trainer, train)],
        "callbacks": [callback.state_dict() for callback in trainer.callbacks],
    }


def restore_run(trainer: "Trainer", train: "Batches", state: dict[str, Any], source: str) -> None:
    """Put everything but the callbacks where `run_state` found it.

    Args:
        trainer: one that was made like the first.
        train: data made like the first.
        state: what `run_state` returned.
        source: the file that it comes from, for messages.

    Raises:
        CheckpointError: it belongs to another network, optimiser, data set, or set of callbacks.
    """
    generators = _generators(trainer, train)
    _same_count(source, "random generators", state["generators"], generators)
    _same_count(source, "callbacks", state["callbacks"], trainer.callbacks)
    load_into(trainer.model, state["model"], source)
    try:
        trainer.optimizer.load_state_dict(state["optimizer"])
        if state["data"] is not None and hasattr(train, "load_state_dict"):
            train.load_state_dict(state["data"])
    except (KeyError, ValueError) as error:
        message = f"{source}: {error}"
        raise CheckpointError(message) from None
    for generator, kept in zip(generators, state["generators"], strict=True):
        generator.set_state(kept)
    trainer.epoch, trainer.step, trainer.batch = state["epoch"], state["step"], state["batch"]
    trainer.over = trainer.stopped = state["over"]
    trainer.running.load_state_dict(state["running"])
    trainer.history = _history(state["history"])


def _generators(trainer: "Trainer", train: "Batches") -> list[Generator]:
    """List every generator that the run may draw from, each once, in an order that stays."""
    owners = [train, *trainer.model.modules()]
    found = [default_generator, *(getattr(owner, "generator", None) for owner in owners)]
    unique = {id(g): g for g in found if isinstance(g, Generator)}
    return list(unique.values())


def _history(kept: dict[str, Any]) -> History:
    epochs = [
        Epoch(e["number"], Score(**e["train"]), e["test"] and Score(**e["test"]), e["seconds"])
        for e in kept["epochs"]
    ]
    return History(kept["step_losses"].tolist(), epochs)


def _same_count(source: str, what: str, there: list[Any], here: list[Any]) -> None:
    if len(there) != len(here):
        message = f"{source}: it keeps {len(there)} {what}, and this run has {len(here)}"
        raise CheckpointError(message)
