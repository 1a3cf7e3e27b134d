r"""Attention: each query reads a mean of the values, weighted by how well the keys match it.

$\mathrm{softmax}(Q K^\top / \sqrt{D} + M)\, V$, where the mask $M$ is $-\infty$ for what must not
be read.
"""

from math import inf, sqrt

import numpy as np

from mt_nn.arguments import one_dtype
from mt_nn.functional.dropout import dropout
from mt_nn.functional.softmax import softmax
from mt_tensor import Generator, ShapeError, Tensor, constant


def scaled_dot_product_attention(  # noqa: PLR0913, PLR0917  PyTorch's signature
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,  # noqa: FBT001, FBT002
    scale: float | None = None,
    generator: Generator | None = None,
) -> Tensor:
    r"""Read values by matching queries with keys.

    Args:
        query: shape (*, L, D).
        key: shape (*, S, D).
        value: shape (*, S, E).
        attn_mask: broadcasts to (*, L, S): truth values, True for what may be read; or floats that
            are added to the scores.
        dropout_p: the probability that a weight is dropped.
        is_causal: a query reads no later position than its own; not together with a mask.
        scale: of the scores; $1/\sqrt{D}$ if None.
        generator: where dropout's choice comes from.

    Returns:
        Shape (*, L, E); 0 for a query that may read nothing.

    Raises:
        ShapeError: the sizes do not fit.
        DTypeError: the dtypes differ.
        ValueError: both a mask and `is_causal`.

    Source: `torch.nn.functional.scaled_dot_product_attention`; Vaswani et al., 2017.
    """
    _check(query, key, value)
    if is_causal:
        if attn_mask is not None:
            message = "scaled_dot_product_attention: give attn_mask or is_causal, not both"
            raise ValueError(message)
        attn_mask = causal_mask(query.shape[-2], key.shape[-2], query)
    factor = 1.0 / sqrt(query.shape[-1]) if scale is None else scale
    weights = attention_weights((query * factor) @ key.transpose(-1, -2), attn_mask)
    return dropout(weights, dropout_p, generator=generator) @ value


def attention_weights(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Return the softmax of scores (*, L, S) under a mask; rows that may read nothing are 0.

    Args:
        scores: how well each key matches each query.
        mask: truth values, or floats to add; None for no mask.
    """
    if mask is None:
        return softmax(scores, dim=-1)
    allowed = mask if mask.dtype.kind == "b" else mask > -inf
    masked = scores.where(allowed, -inf) if mask.dtype.kind == "b" else scores + mask
    reads = allowed.any(-1)
    return softmax(masked.where(reads, 0.0), dim=-1).where(reads, 0.0)


def causal_mask(queries: int, keys: int, like: Tensor) -> Tensor:
    """Return truth values (queries, keys): whether a key is not later than a query."""
    return constant(np.tri(queries, keys, dtype=bool), like.backend)


def _check(query: Tensor, key: Tensor, value: Tensor) -> None:
    name = "scaled_dot_product_attention"
    one_dtype(name, query=query, key=key, value=value)
    facts = f"{name}: query is {query.shape}, key is {key.shape} and value is {value.shape}"
    if min(query.ndim, key.ndim, value.ndim) < 2:  # noqa: PLR2004
        message = f"{facts}; each must have 2 dimensions or more"
        raise ShapeError(message)
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        message = (
            f"{facts}; query.shape[-1] = {query.shape[-1]} must equal key.shape[-1] = "
            f"{key.shape[-1]}, and key.shape[-2] = {key.shape[-2]} value.shape[-2] = "
            f"{value.shape[-2]}"
        )
        raise ShapeError(message)
