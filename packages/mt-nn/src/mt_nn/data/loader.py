"""Batches of a data set, in an order that a seed decides."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from mt_nn.arguments import positive
from mt_nn.data.dataset import Dataset
from mt_tensor import Generator, Tensor, default_generator, stack, tensor

Batch = tuple[Tensor, ...]


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

    Raises:
        ValueError: the batch size is not a positive integer.

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
    ) -> None:
        """Keep the choices."""
        positive("DataLoader", batch_size=batch_size)
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = generator
        self.collate_fn = collate_fn

    def __len__(self) -> int:
        """Return how many batches a pass has."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Batch]:
        """Draw an order, and yield its batches."""
        order = self._order()
        for i in range(len(self)):
            yield self._batch(order[i * self.batch_size : (i + 1) * self.batch_size])

    def _order(self) -> np.ndarray[Any, Any]:
        if not self.shuffle:
            return np.arange(len(self.dataset))
        return (self.generator or default_generator).numpy.permutation(len(self.dataset))

    def _batch(self, indices: np.ndarray[Any, Any]) -> Batch:
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
