"""Random numbers that a seed decides.

Every random function takes a `generator`; without one it draws from a generator of the library
that `manual_seed` sets. The numbers come from NumPy's PCG64 on the host, so a seed gives the same
ones on every backend.
"""

from typing import Any

import numpy as np


class Generator:
    """A stream of random numbers.

    Args:
        seed: equal seeds give equal streams; None takes one from the operating system.
    """

    __slots__ = ("numpy",)

    def __init__(self, seed: int | None = None) -> None:
        """Start the stream.

        Raises:
            ValueError: the seed is no integer, or negative.
        """
        self.numpy = np.random.Generator(np.random.PCG64(_checked(seed)))

    def manual_seed(self, seed: int) -> "Generator":
        """Start the stream again from a seed, and return this generator.

        Raises:
            ValueError: the seed is no integer, or negative.
        """
        self.numpy = np.random.Generator(np.random.PCG64(_checked(seed)))
        return self

    def key(self) -> int:
        """Draw 64 bits: the key of a generator that works by position, as dropout's does."""
        return int(self.numpy.bit_generator.random_raw())

    def state(self) -> dict[str, Any]:
        """Return where the stream is, as plain numbers and strings that JSON can hold."""
        return dict(self.numpy.bit_generator.state)

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue a stream from where `state()` was taken."""
        self.numpy.bit_generator.state = state


def _checked(seed: int | None) -> int | None:
    if seed is not None and not (hasattr(seed, "__index__") and seed >= 0):
        message = f"manual_seed: a seed is a non-negative integer, not {seed}"
        raise ValueError(message)
    return seed


default_generator = Generator(0)


def manual_seed(seed: int) -> Generator:
    """Set the seed of the library's own generator, and return it.

    Raises:
        ValueError: the seed is no integer, or negative.
    """
    return default_generator.manual_seed(seed)
