"""Normalisation layers, with the scale and shift that they learn."""

from collections.abc import Sequence
from typing import Any

from mt_nn.arguments import positive
from mt_nn.functional import group_norm, layer_norm, rms_norm
from mt_operators import Module, Parameter
from mt_tensor import Backend, ShapeError, Tensor, ones, zeros


class Affine(Module):
    """A scale and a shift.

    Attributes:
        weight: the scale, ones at first; or None.
        bias: the shift, zeros at first; or None.
    """

    def learn(
        self, shape: tuple[int, ...], where: dict[str, Any], *, scale: bool, shift: bool
    ) -> None:
        """Make the parameters that are wanted."""
        self.weight = Parameter(ones(shape, **where)) if scale else None
        self.bias = Parameter(zeros(shape, **where)) if shift else None

    def values(self) -> tuple[Tensor | None, Tensor | None]:
        """Return the scale and the shift."""
        return (
            None if self.weight is None else self.weight.value,
            None if self.bias is None else self.bias.value,
        )


class LayerNorm(Affine):
    """Normalise each sample over its last dimensions; see `functional.layer_norm`.

    Args:
        normalized_shape: their sizes, or one number for the last dimension.
        eps: added to the variance.
        elementwise_affine: whether to learn a scale and a shift.
        bias: whether to learn a shift, where there is a scale.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.

    Raises:
        ValueError: a size is not a positive integer.

    Source: `torch.nn.LayerNorm`.
    """

    def __init__(  # noqa: PLR0913  PyTorch's signature
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,  # noqa: FBT001, FBT002
        bias: bool = True,  # noqa: FBT001, FBT002
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
    ) -> None:
        """Start at the identity of normalised signals."""
        self.normalized_shape = _shape("LayerNorm", normalized_shape)
        self.eps = eps
        self.learn(
            self.normalized_shape,
            {"backend": backend, "dtype": dtype},
            scale=elementwise_affine,
            shift=elementwise_affine and bias,
        )

    def forward(self, input: Tensor) -> Tensor:
        """Map (*, *normalized_shape) to itself."""
        return layer_norm(input, self.normalized_shape, *self.values(), self.eps)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.normalized_shape}, eps={self.eps}"


class RMSNorm(Affine):
    """Divide each sample by its root mean square; see `functional.rms_norm`.

    Args:
        normalized_shape: the sizes of the last dimensions, or one number for the last one.
        eps: added to the mean square; the machine precision of the dtype if None.
        elementwise_affine: whether to learn a scale.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.

    Raises:
        ValueError: a size is not a positive integer.

    Source: `torch.nn.RMSNorm`.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,  # noqa: FBT001, FBT002
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
    ) -> None:
        """Start at the identity of normalised signals."""
        self.normalized_shape = _shape("RMSNorm", normalized_shape)
        self.eps = eps
        where = {"backend": backend, "dtype": dtype}
        self.learn(self.normalized_shape, where, scale=elementwise_affine, shift=False)

    def forward(self, input: Tensor) -> Tensor:
        """Map (*, *normalized_shape) to itself."""
        return rms_norm(input, self.normalized_shape, self.values()[0], self.eps)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.normalized_shape}, eps={self.eps}"


class GroupNorm(Affine):
    """Normalise each sample over groups of channels; see `functional.group_norm`.

    Args:
        num_groups: how many groups.
        num_channels: how many channels; a multiple of the groups.
        eps: added to the variance.
        affine: whether to learn a scale and a shift for each channel.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.

    Raises:
        ValueError: a number is not a positive integer, or the groups do not divide the channels.

    Source: `torch.nn.GroupNorm`.
    """

    def __init__(  # noqa: PLR0913  PyTorch's signature
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,  # noqa: FBT001, FBT002
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
    ) -> None:
        """Start at the identity of normalised signals."""
        positive("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            message = (
                f"GroupNorm: num_groups = {num_groups} must divide num_channels = {num_channels}"
            )
            raise ValueError(message)
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        where = {"backend": backend, "dtype": dtype}
        self.learn((num_channels,), where, scale=affine, shift=affine)

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, num_channels, *) to itself.

        Raises:
            ShapeError: other channels.
        """
        check_channels(self, input, self.num_channels, range(2, 99))
        return group_norm(input, self.num_groups, *self.values(), self.eps)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}"


def _shape(layer: str, shape: int | Sequence[int]) -> tuple[int, ...]:
    listed = (shape,) if isinstance(shape, int) else tuple(shape)
    if not listed:
        message = f"{layer}: normalized_shape is empty; it must name a dimension"
        raise ValueError(message)
    for n in listed:
        positive(layer, normalized_shape=n)
    return listed


def check_channels(layer: Module, input: Tensor, channels: int, allowed: range) -> None:
    """Refuse an input of a layer that is not (N, C, ...) with these channels.

    Raises:
        ShapeError: it is not, or has another number of dimensions than those allowed.
    """
    if input.ndim not in allowed or input.shape[1] != channels:
        counts = " or ".join(map(str, allowed)) if len(allowed) < 3 else "2 or more"  # noqa: PLR2004
        message = (
            f"{layer!r}: input is {input.shape}; it must have {counts} dimensions, "
            f"(N, C, ...) with C = {channels}"
        )
        raise ShapeError(message)
