"""Attention with several heads, each of which looks for something else."""

from math import inf, sqrt
from typing import Any

import numpy as np

from mt_nn.arguments import positive, probability
from mt_nn.functional import dropout, linear
from mt_nn.functional.attention import attention_weights
from mt_nn.init import constant_, xavier_uniform_
from mt_nn.layers.linear import Linear
from mt_operators import Module, Parameter
from mt_tensor import Backend, Generator, ShapeError, Tensor, tensor, zeros


class MultiheadAttention(Module):
    """Project queries, keys and values, attend in each head, and join the heads.

    Args:
        embed_dim: size of queries, keys, values and results; a multiple of the heads.
        num_heads: how many heads.
        dropout: the probability that a weight is dropped in training.
        bias: whether the projections shift.
        batch_first: inputs are (N, L, E) instead of (L, N, E).
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where initial values and dropout's choice come from.

    Attributes:
        in_proj_weight: shape (3 embed_dim, embed_dim): of queries, keys and values.
        in_proj_bias: shape (3 embed_dim,), or None.
        out_proj: the projection of the joined heads.

    Raises:
        ValueError: a size is no positive integer, the heads do not divide it, or `dropout` is no
            probability.

    Source: `torch.nn.MultiheadAttention`; Vaswani et al., 2017.
    """

    def __init__(  # noqa: PLR0913
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,  # noqa: FBT001, FBT002  PyTorch's signature
        *,
        batch_first: bool = False,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial projections."""
        positive("MultiheadAttention", embed_dim=embed_dim, num_heads=num_heads)
        probability("MultiheadAttention", "dropout", dropout)
        if embed_dim % num_heads:
            message = (
                f"MultiheadAttention: num_heads = {num_heads} must divide embed_dim = {embed_dim}"
            )
            raise ValueError(message)
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.p = dropout
        self.batch_first = batch_first
        self.generator = generator
        home: dict[str, Any] = {"backend": backend, "dtype": dtype}
        weight = xavier_uniform_(zeros(3 * embed_dim, embed_dim, **home), generator=generator)
        self.in_proj_weight = Parameter(weight)
        self.in_proj_bias = Parameter(zeros(3 * embed_dim, **home)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, generator=generator, **home)
        if self.out_proj.bias is not None:
            constant_(self.out_proj.bias.value, 0.0)

    def forward(  # noqa: PLR0913, PLR0917  PyTorch's signature
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,  # noqa: FBT001, FBT002
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,  # noqa: FBT001, FBT002
        is_causal: bool = False,  # noqa: FBT001, FBT002
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            query: shape (L, N, E), or (N, L, E) if `batch_first`, or (L, E).
            key: shape (S, N, E) likewise.
            value: shape (S, N, E) likewise.
            key_padding_mask: shape (N, S) or (S,), True for keys that are not to be read.
            need_weights: return the weights as well.
            attn_mask: shape (L, S) or (N * heads, L, S): True for what is not to be read, or floats
                that are added to the scores.
            average_attn_weights: return the mean of the weights over the heads.
            is_causal: a query reads no later position than its own.

        Returns:
            The result, of the shape of `query`; and the weights, (N, L, S), or with each head
            (N, heads, L, S), without N where the inputs have none; or None.

        Raises:
            ShapeError: a size does not fit.
        """
        self._check(query, key, value)
        parts = [self._batched(t) for t in (query, key, value)]
        heads = [self._project(i, t) for i, t in enumerate(parts)]
        mask = self._mask(heads[0], heads[1], key_padding_mask, attn_mask, causal=is_causal)
        scores = (heads[0] / sqrt(heads[0].shape[-1])) @ heads[1].transpose(-1, -2)
        weights = dropout(attention_weights(scores, mask), self.p, self.training, self.generator)
        joined = (weights @ heads[2]).permute(0, 2, 1, 3).flatten(2)
        result = self._restored(self.out_proj(joined), query)
        if not need_weights:
            return result, None
        shown = weights.mean(1, keepdim=False) if average_attn_weights else weights
        return result, shown if query.ndim == 3 else shown.squeeze(0)  # noqa: PLR2004

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.embed_dim}, num_heads={self.num_heads}"

    def _project(self, i: int, batch: Tensor) -> Tensor:
        """Return (N, heads, length, size of a head) of queries (0), keys (1) or values (2)."""
        rows = slice(i * self.embed_dim, (i + 1) * self.embed_dim)
        bias = None if self.in_proj_bias is None else self.in_proj_bias.value[rows]
        projected = linear(batch, self.in_proj_weight.value[rows], bias)
        n, length, _ = projected.shape
        return projected.view(n, length, self.num_heads, -1).permute(0, 2, 1, 3)

    def _mask(
        self,
        query: Tensor,
        key: Tensor,
        key_padding_mask: Tensor | None,
        attn_mask: Tensor | None,
        *,
        causal: bool,
    ) -> Tensor | None:
        """Add up what the masks forbid, as floats that broadcast to (N, heads, L, S)."""
        masks = []
        if causal and attn_mask is None:
            later = np.tri(query.shape[-2], key.shape[-2], dtype=bool)
            masks.append(_added(~later, query))
        if attn_mask is not None:
            masks.append(_added(attn_mask, query).reshape(-1, *self._mask_shape(attn_mask)))
        if key_padding_mask is not None:
            size = key_padding_mask.shape[-1]
            masks.append(_added(key_padding_mask, query).reshape(-1, 1, 1, size))
        return sum(masks[1:], start=masks[0]) if masks else None

    def _mask_shape(self, mask: Tensor) -> tuple[int, ...]:
        """Return (heads, L, S), where heads is 1 for a mask that all of them share."""
        return (1 if mask.ndim == 2 else self.num_heads, *mask.shape[-2:])  # noqa: PLR2004

    def _batched(self, t: Tensor) -> Tensor:
        """Return a view (N, L, E)."""
        if t.ndim == 2:  # noqa: PLR2004
            return t.unsqueeze(0)
        return t if self.batch_first else t.permute(1, 0, 2)

    def _restored(self, result: Tensor, query: Tensor) -> Tensor:
        if query.ndim == 2:  # noqa: PLR2004
            return result.squeeze(0)
        return result if self.batch_first else result.permute(1, 0, 2)

    def _check(self, query: Tensor, key: Tensor, value: Tensor) -> None:
        facts = f"{self!r}: query is {query.shape}, key is {key.shape} and value is {value.shape}"
        sizes = {t.shape[-1:] for t in (query, key, value)}
        if sizes != {(self.embed_dim,)} or query.ndim not in (2, 3):
            message = f"{facts}; each must be (L, N, E) or (L, E) with E = {self.embed_dim}"
            raise ShapeError(message)
        batch = 0 if self.batch_first else 1
        alike = key.shape == value.shape and key.ndim == query.ndim
        if not alike or (query.ndim == 3 and query.shape[batch] != key.shape[batch]):  # noqa: PLR2004
            message = f"{facts}; key and value must have one shape, and all three one batch size"
            raise ShapeError(message)


def _added(mask: Any, like: Tensor) -> Tensor:
    """Return a mask as floats to add: minus infinity where it is True."""
    array = np.asarray(mask)
    floats = np.where(array, -inf, 0.0) if array.dtype.kind == "b" else array
    return tensor(floats.astype(like.dtype), backend=like.backend)
