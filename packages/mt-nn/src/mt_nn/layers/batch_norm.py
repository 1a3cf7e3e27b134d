"""Batch normalisation layers, with the statistics that they remember."""

from typing import Any

from mt_nn.arguments import positive
from mt_nn.functional import batch_norm
from mt_nn.layers.normalization import Affine, check_channels
from mt_operators import Buffer
from mt_tensor import Backend, Tensor, ones, tensor, zeros


class _BatchNorm(Affine):
    """Normalise each channel over the batch; see `functional.batch_norm`.

    Args:
        num_features: how many channels.
        eps: added to the variance.
        momentum: how far the running statistics move at each batch; None for the mean of all
            batches so far.
        affine: whether to learn a scale and a shift for each channel.
        track_running_stats: whether to keep running statistics, for use in evaluation mode.
        backend: where the tensors live; the default one if None.
        dtype: of the parameters; the default one if None.

    Attributes:
        running_mean: shape (num_features,), zeros at first; or None.
        running_var: shape (num_features,), ones at first; or None.
        num_batches_tracked: how many batches have moved them; or None.

    Raises:
        ValueError: the number of channels is not a positive integer.
    """

    dimensions: range = range(2, 99)

    def __init__(  # noqa: PLR0913  PyTorch's signature
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,  # noqa: FBT001, FBT002
        track_running_stats: bool = True,  # noqa: FBT001, FBT002
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
    ) -> None:
        """Start at the identity of normalised signals."""
        positive(type(self).__name__, num_features=num_features)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        where = {"backend": backend, "dtype": dtype}
        self.learn((num_features,), where, scale=affine, shift=affine)
        self.running_mean = Buffer(zeros(num_features, **where)) if track_running_stats else None
        self.running_var = Buffer(ones(num_features, **where)) if track_running_stats else None
        count = Buffer(tensor(0, backend=backend)) if track_running_stats else None
        self.num_batches_tracked = count

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, num_features, *) to itself, in training by the statistics of the batch.

        Raises:
            ShapeError: other channels or dimensions, or one value for each channel in training.
        """
        check_channels(self, input, self.num_features, self.dimensions)
        if self.running_mean is None or self.running_var is None:
            return batch_norm(input, None, None, *self.values(), training=True, eps=self.eps)
        return batch_norm(
            input,
            self.running_mean.value,
            self.running_var.value,
            *self.values(),
            training=self.training,
            momentum=self._step() if self.training else 0.0,
            eps=self.eps,
        )

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"

    def _step(self) -> float:
        """Count a batch, and return how far it moves the running statistics."""
        assert self.num_batches_tracked is not None, "kept with the statistics"  # noqa: S101
        count = self.num_batches_tracked.value.add_(1)
        return 1.0 / int(count.item()) if self.momentum is None else self.momentum


class BatchNorm1d(_BatchNorm):
    """Normalise (N, C) or (N, C, L); see `BatchNorm2d`. Source: `torch.nn.BatchNorm1d`."""

    dimensions = range(2, 4)


class BatchNorm2d(_BatchNorm):
    """Normalise images (N, C, H, W) over the batch. Source: `torch.nn.BatchNorm2d`."""

    dimensions = range(4, 5)
