"""What a loader draws from: samples that are counted from 0."""

from typing import Any, Protocol

import numpy as np

from mt_tensor import ShapeError, Tensor, tensor


class Dataset(Protocol):
    """Anything with a length and samples; a sample is a tuple of tensors, arrays or numbers.

    A data set that can read many samples at once also has `__getitems__`, which takes an array of
    indices and returns the batch: a tuple of tensors.
    """

    def __len__(self) -> int:
        """Return how many samples there are."""

    def __getitem__(self, index: int) -> Any:
        """Return one sample."""


class TensorDataset:
    """Samples that are rows of tensors.

    The elements stay on the host, as arrays; a batch is made on the backend of its tensor.

    Args:
        tensors: of equal length, such as images (N, C, H, W) and classes (N,).

    Raises:
        ShapeError: there is no tensor, or the lengths differ.

    Source: `torch.utils.data.TensorDataset`.
    """

    def __init__(self, *tensors: Tensor) -> None:
        """Keep the arrays."""
        shapes = [t.shape for t in tensors]
        if not shapes or any(shape[:1] != shapes[0][:1] or not shape for shape in shapes):
            message = f"TensorDataset: tensors of shapes {shapes} must have one length"
            raise ShapeError(message)
        self._arrays = [t.detach().numpy() for t in tensors]
        self._backends = [t.backend for t in tensors]

    def __len__(self) -> int:
        """Return how many samples there are."""
        return len(self._arrays[0])

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        """Return one sample."""
        return self._tensors([array[index] for array in self._arrays])

    def __getitems__(self, indices: "np.ndarray[Any, Any]") -> tuple[Tensor, ...]:
        """Return many samples as one batch."""
        return self._tensors([array[indices] for array in self._arrays])

    def _tensors(self, arrays: list[Any]) -> tuple[Tensor, ...]:
        pairs = zip(arrays, self._backends, strict=True)
        return tuple(tensor(np.asarray(array), backend=backend) for array, backend in pairs)
