"""One form for what is correlated and pooled: images (N, C, H, W).

A sequence is an image of one row, and one image is a batch of one.
"""

from mt_nn.arguments import dimensions
from mt_tensor import Tensor

LAYOUTS = {1: "(C, L) or (N, C, L)", 2: "(C, H, W) or (N, C, H, W)"}


def as_images(operator: str, input: Tensor, count: int) -> Tensor:
    """Return the view (N, C, H, W) of something with `count` spatial dimensions.

    Raises:
        ShapeError: it has neither `count + 1` nor `count + 2` dimensions.
    """
    if count == 2 and len(input.data.shape) == 4:  # noqa: PLR2004  the common case
        return input
    dimensions(operator, input, (count + 1, count + 2), LAYOUTS[count])
    batch = input if input.ndim == count + 2 else input.unsqueeze(0)
    return with_rows(batch)


def with_rows(a: Tensor) -> Tensor:
    """Return sequences or their kernels, of three dimensions, as images of one row."""
    return a if a.ndim == 4 else a.unsqueeze(-2)  # noqa: PLR2004


def restored(images: Tensor, input: Tensor, count: int) -> Tensor:
    """Drop the dimensions that `as_images` had to add to `input`."""
    batch = images if count == 2 else images.squeeze(-2)  # noqa: PLR2004
    return batch if input.ndim == count + 2 else batch.squeeze(0)
