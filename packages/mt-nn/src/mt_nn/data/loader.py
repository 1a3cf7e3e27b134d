"""Batches of a data set, in an order that a seed decides."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mt_nn.arguments import positive
from mt_nn.data.dataset import Dataset
from mt_nn.data.prefetch import read_ahead
from mt_tensor import Generator, Tensor, default_generator, stack, tensor

Batch = tuple[Tensor, ...]
Indices = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(slots=True)
class Pass:
    """One pass over a data set.

    Attributes:
        order: the indices of all samples.
        position: how many batches have been yielded.
    """

    order: Indices
    position: int


class DataLoader:
    """Go through a data set in batches, once for each `for` loop.

    Args:
        dataset: where the samples come from.
        batch_size: samples in a batch; the last one may have fewer.
        shuffle: draw a new order for each pass.
        drop_last: leave out a last batch that is not full.
        generator: where the orders come from; the library's own if None.
        collate_fn: makes a batch of a list of samples; the default stacks each part of them. A data
            set that makes batches itself does not need it.

        num_workers: how many threads read batches ahead; 0 reads each when it is asked for.
        prefetch_factor: how many batches each of them reads ahead at most, which bounds the memory.

    Raises:
        ValueError: a size is out of range.

    Source: `torch.utils.data.DataLoader`.
    """

    def __init__(  # noqa: PLR0913
        self,
        dataset: Dataset,
        batch_size: int = 1,
        shuffle: bool = False,  # noqa: FBT001, FBT002  PyTorch's signature
        *,
        drop_last: bool = False,
        generator: Generator | None = None,
        collate_fn: Callable[[Sequence[Any]], Batch] | None = None,
        num_workers: int = 0,
        prefetch_factor: int = 2,
    ) -> None:
        """Keep the choices."""
        positive("DataLoader", batch_size=batch_size, prefetch_factor=prefetch_factor)
        positive("DataLoader", num_workers=num_workers + 1)
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = generator
        self.collate_fn = collate_fn
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self._pass: Pass | None = None
        self._resumed = False

    def __len__(self) -> int:
        """Return how many batches a pass has."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Batch]:
        """Draw an order, and yield its batches; or go on with a pass that was loaded."""
        here = self._pass if self._resumed and self._pass else Pass(self._order(), 0)
        self._pass, self._resumed = here, False
        size = self.batch_size
        places = [here.order[i * size : (i + 1) * size] for i in range(here.position, len(self))]
        for batch in self._read(places):
            here.position += 1
            yield batch
        self._pass = None

    def state_dict(self) -> dict[str, Any]:
        """Return where the last pass is: its order, and how many batches it has yielded."""
        if self._pass is None:
            return {"order": None, "position": 0}
        return {"order": self._pass.order, "position": self._pass.position}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Let the next pass go on from where `state_dict()` was taken.

        Raises:
            ValueError: it is of a data set of another length.
        """
        order = state_dict["order"]
        if order is not None and len(order) != len(self.dataset):
            message = (
                f"DataLoader: the order of a data set of {len(order)} samples cannot go on with "
                f"one of {len(self.dataset)}"
            )
            raise ValueError(message)
        self._pass = None if order is None else Pass(np.array(order), state_dict["position"])
        self._resumed = order is not None

    def _read(self, places: list[Indices]) -> Iterator[Batch]:
        if not self.num_workers:
            return map(self._batch, places)
        return read_ahead(self._batch, places, self.num_workers, self.prefetch_factor)

    def _order(self) -> Indices:
        if not self.shuffle:
            return np.arange(len(self.dataset))
        return (self.generator or default_generator).numpy.permutation(len(self.dataset))

    def _batch(self, indices: Indices) -> Batch:
        together = getattr(self.dataset, "__getitems__", None)
        if together is not None and self.collate_fn is None:
            return together(indices)  # type: ignore[no-any-return]
        samples = [self.dataset[int(i)] for i in indices]
        return (self.collate_fn or stacked)(samples)


def stacked(samples: Sequence[Any]) -> Batch:
    """Make a batch of samples by stacking their first parts, their second parts, and so on.

    Args:
        samples: tuples of tensors, arrays or numbers of equal shapes.
    """
    parts = zip(*samples, strict=True)
    return tuple(stack([p if isinstance(p, Tensor) else tensor(p) for p in part]) for part in parts)
