"""What may be done to pictures before they are learned from, so that fewer of them teach more.

A transform is a function of a batch (N, C, H, W) and a stream of random numbers; each picture gets
draws of its own. It takes floats, and leaves what it is given as it was.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mt_nn.arguments import probability
from mt_tensor import ShapeError

Images = NDArray[np.float32]
Stream = np.random.Generator
Transform = Callable[[Images, Stream], Images]


class Compose:
    """Do one transform after another.

    Args:
        transforms: in order.
    """

    def __init__(self, *transforms: Transform) -> None:
        """Keep them."""
        self.transforms = transforms

    def __call__(self, images: Images, stream: Stream) -> Images:
        """Map a batch to a batch."""
        for transform in self.transforms:
            images = transform(images, stream)
        return images


class Normalize:
    r"""$(x - \mu_c) / \sigma_c$ for each channel c.

    Args:
        mean: of each channel.
        std: the standard deviation of each channel.

    Raises:
        ValueError: a deviation is not above 0.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Keep them as columns."""
        if not all(s > 0.0 for s in std):
            message = f"Normalize: std {tuple(std)} must be above 0"
            raise ValueError(message)
        self.mean = np.array(mean, np.float32)[:, np.newaxis, np.newaxis]
        self.std = np.array(std, np.float32)[:, np.newaxis, np.newaxis]

    def __call__(self, images: Images, stream: Stream) -> Images:  # noqa: ARG002
        """Map a batch to a batch of the same shape.

        Raises:
            ShapeError: it has other channels.
        """
        if len(self.mean) != images.shape[1]:
            message = f"Normalize: {len(self.mean)} means, but images is {images.shape}"
            raise ShapeError(message)
        return (images - self.mean) / self.std


class RandomCrop:
    """Surround each picture by zeros, and cut it out again somewhere: it moves by whole pixels.

    Args:
        padding: how far at most, in pixels.

    Raises:
        ValueError: it is negative.
    """

    def __init__(self, padding: int) -> None:
        """Keep the distance."""
        if padding < 0:
            message = f"RandomCrop: padding must not be negative, as {padding} is"
            raise ValueError(message)
        self.padding = padding

    def __call__(self, images: Images, stream: Stream) -> Images:
        """Map a batch to a batch of the same shape."""
        n, _, height, width = images.shape
        p = self.padding
        padded = np.pad(images, [(0, 0), (0, 0), (p, p), (p, p)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
        rows, columns = stream.integers(0, 2 * p + 1, (2, n))
        return windows[np.arange(n), :, rows, columns]


class RandomFlip:
    """Mirror some pictures, left to right.

    Args:
        p: the probability of it.

    Raises:
        ValueError: it does not lie between 0 and 1.
    """

    def __init__(self, p: float = 0.5) -> None:
        """Keep the probability."""
        probability("RandomFlip", "p", p)
        self.p = p

    def __call__(self, images: Images, stream: Stream) -> Images:
        """Map a batch to a batch of the same shape."""
        flipped = stream.random((len(images), 1, 1, 1)) < self.p
        return np.where(flipped, images[..., ::-1], images)


class RandomAffine:
    r"""Turn and move each picture a little about its middle; zeros come in from outside.

    A pixel of the result is read at $R^{-1}(p - m - s) + m$, between four pixels of the picture.

    Args:
        degrees: how far to turn at most, to either side.
        shift: how far to move at most, as a share of height and width.

    Raises:
        ValueError: a number is negative.
    """

    def __init__(self, degrees: float, shift: float = 0.0) -> None:
        """Keep the limits."""
        if not (degrees >= 0.0 and shift >= 0.0):
            message = f"RandomAffine: degrees = {degrees} and shift = {shift} must not be negative"
            raise ValueError(message)
        self.degrees = degrees
        self.shift = shift

    def __call__(self, images: Images, stream: Stream) -> Images:
        """Map a batch to a batch of the same shape."""
        n, _, *size = images.shape
        angles = np.deg2rad(stream.uniform(-self.degrees, self.degrees, n))
        shifts = stream.uniform(-self.shift, self.shift, (n, 2)) * size
        return turned(images, angles, shifts)


def turned(images: Images, angles: NDArray[np.float64], shifts: NDArray[np.float64]) -> Images:
    """Turn pictures about their middle, and then move them.

    Args:
        images: shape (N, C, H, W).
        angles: in radians, against the clock, shape (N,).
        shifts: down and to the right, in pixels, shape (N, 2).
    """
    height, width = images.shape[2:]
    middle = np.array([height - 1, width - 1]) / 2
    pixels = np.indices((height, width)).reshape(2, -1).T - middle
    cos, sin = np.cos(angles), np.sin(angles)
    back = np.array([[cos, sin], [-sin, cos]]).transpose(2, 0, 1)
    places = (pixels - shifts[:, np.newaxis]) @ back.transpose(0, 2, 1) + middle
    return _between(images, places).reshape(images.shape)


def _between(images: Images, places: NDArray[np.float64]) -> Images:
    """Read pictures at places (N, P, 2) between pixels, (N, C, P); outside there are zeros."""
    n, channels, _, _ = images.shape
    padded = np.pad(images, [(0, 0), (0, 0), (1, 1), (1, 1)])
    limit = np.array(padded.shape[2:]) - 2
    places = np.clip(places + 1, 0, limit + 1)
    corner = np.minimum(places.astype(np.intp), limit)
    part = (places - corner).astype(np.float32)
    out = np.zeros((n, channels, places.shape[1]), np.float32)
    batch = np.arange(n)[:, np.newaxis]
    for down in (0, 1):
        for right in (0, 1):
            share = np.abs(1 - down - part[..., 0]) * np.abs(1 - right - part[..., 1])
            read = padded[batch, :, corner[..., 0] + down, corner[..., 1] + right]
            out += (read * share[..., np.newaxis]).transpose(0, 2, 1)
    return out
