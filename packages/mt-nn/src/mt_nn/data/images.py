"""Pictures as batches, transformed on the way."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mt_nn.data.transforms import Images, Transform
from mt_tensor import Backend, ShapeError, Tensor, tensor


class ImageDataset:
    """Pictures with a class each; every batch is transformed anew.

    The draws of a batch follow from the seed and from which pictures are in it, and from nothing
    else: they do not depend on threads, and a run that is resumed draws them again. With a shuffle
    each pass has other batches, and so other draws.

    Args:
        images: shape (N, C, H, W), or (N, H, W) for one channel; bytes become shares of 255.
        labels: N classes.
        transform: what to do to a batch; None for nothing.
        seed: of the transform.
        backend: where the batches are made; the default one if None.

    Raises:
        ShapeError: other dimensions, or other lengths.
    """

    def __init__(
        self,
        images: NDArray[Any],
        labels: ArrayLike,
        *,
        transform: Transform | None = None,
        seed: int = 0,
        backend: str | Backend | None = None,
    ) -> None:
        """Keep both; a picture is made floats when it is read."""
        self.labels = np.array(labels, np.int64)
        if images.ndim not in (3, 4) or self.labels.shape != images.shape[:1]:
            message = (
                f"ImageDataset: images is {images.shape} and labels is {self.labels.shape}; they "
                "must be (N, C, H, W) or (N, H, W), and (N,)"
            )
            raise ShapeError(message)
        self.images = images if images.ndim == 4 else images[:, np.newaxis]  # noqa: PLR2004
        self.transform = transform
        self.seed = seed
        self.backend = backend

    def __len__(self) -> int:
        """Return how many pictures there are."""
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Images, np.int64]:
        """Return one picture, transformed, and its class."""
        return self._read(np.array([index]))[0], self.labels[index]

    def __getitems__(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Return a batch: pictures (N, C, H, W) in float32 and classes (N,)."""
        images = tensor(self._read(indices), backend=self.backend)
        return images, tensor(self.labels[indices], backend=self.backend)

    def _read(self, indices: NDArray[np.int64]) -> Images:
        chosen = self.images[indices]
        scale = 255.0 if chosen.dtype == np.uint8 else 1.0
        images = chosen.astype(np.float32) / np.float32(scale)
        if self.transform is None:
            return images
        stream = np.random.default_rng([self.seed, *indices.tolist()])
        return np.ascontiguousarray(self.transform(images, stream), np.float32)
