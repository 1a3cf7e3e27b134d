"""A long text as samples for a model that predicts the next token."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mt_nn.arguments import positive
from mt_tensor import Backend, ShapeError, Tensor, tensor


class TokenWindows:
    """Windows of a text: a sample is L tokens, and the L tokens one place further on.

    Args:
        tokens: the text, T integers.
        length: L, how many tokens a window has.
        stride: how far apart windows start; L by default, so that each token is predicted once.
        backend: where the batches are made; the default one if None.

    Raises:
        ValueError: a size is not a positive integer.
        ShapeError: the text is no row, or too short for one window.
    """

    def __init__(
        self,
        tokens: ArrayLike,
        length: int,
        stride: int | None = None,
        *,
        backend: str | Backend | None = None,
    ) -> None:
        """Keep the text; the windows are views of it."""
        stride = length if stride is None else stride
        positive("TokenWindows", length=length, stride=stride)
        text = np.array(tokens, np.int64)
        if text.ndim != 1 or len(text) <= length:
            message = (
                f"TokenWindows: tokens is {text.shape}; it must be (T,) with T > length = {length}"
            )
            raise ShapeError(message)
        self.backend = backend
        self._windows = np.lib.stride_tricks.sliding_window_view(text, length + 1)[::stride]

    def __len__(self) -> int:
        """Return how many windows there are."""
        return len(self._windows)

    def __getitem__(self, index: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the tokens of one window, and those that come after each of them."""
        window = self._windows[index]
        return window[:-1], window[1:]

    def __getitems__(self, indices: NDArray[Any]) -> tuple[Tensor, Tensor]:
        """Return a batch of windows (N, L), and of what comes (N, L)."""
        batch = self._windows[indices]
        parts = batch[:, :-1], batch[:, 1:]
        tokens, target = (tensor(np.ascontiguousarray(p), backend=self.backend) for p in parts)
        return tokens, target
