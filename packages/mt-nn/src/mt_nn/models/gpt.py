"""A small GPT: it tells the next token from those before, and so it can go on writing.

Notation: N texts of L tokens, V tokens in the vocabulary, E numbers for each token.
"""

from typing import Any

from mt_nn.init import normal_
from mt_nn.layers import (
    GELU,
    Dropout,
    Embedding,
    LayerNorm,
    Linear,
    ModuleList,
    MultiheadAttention,
    Sequential,
)
from mt_operators import Module
from mt_tensor import Backend, Generator, ShapeError, Tensor, arange


class Block(Module):
    """Each token looks at those before it, then thinks for itself; both are added to it."""

    def __init__(self, dim: int, heads: int, dropout: float, home: dict[str, Any]) -> None:
        """Draw the initial weights."""
        where = {name: home[name] for name in ("backend", "dtype")}
        self.norm1 = LayerNorm(dim, **where)
        self.attention = MultiheadAttention(dim, heads, batch_first=True, **home)
        self.norm2 = LayerNorm(dim, **where)
        self.mlp = Sequential(Linear(dim, 4 * dim, **home), GELU(), Linear(4 * dim, dim, **home))
        self.dropout = Dropout(dropout, generator=home["generator"])

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, L, E) to itself."""
        y = self.norm1(x)
        seen: Tensor = self.attention(y, y, y, need_weights=False, is_causal=True)[0]
        x = x + self.dropout(seen)
        thought: Tensor = self.dropout(self.mlp(self.norm2(x)))
        return x + thought


class GPT(Module):
    """Predict the next token at each place of a text; `generate` goes on with one.

    Args:
        vocabulary: how many tokens there are.
        context: how many tokens it sees at most.
        dim: numbers for each token, E.
        heads: of each attention; they divide `dim`.
        layers: how many blocks.
        dropout: the probability that a number is silenced in training.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where the initial values come from, and what dropout silences.

    Source: Radford et al., Language models are unsupervised multitask learners, 2019.
    """

    def __init__(  # noqa: PLR0913
        self,
        vocabulary: int,
        context: int = 64,
        *,
        dim: int = 64,
        heads: int = 4,
        layers: int = 2,
        dropout: float = 0.0,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial weights."""
        home: dict[str, Any] = {"backend": backend, "dtype": dtype, "generator": generator}
        self.context = context
        self.tokens = Embedding(vocabulary, dim, **home)
        self.places = Embedding(context, dim, **home)
        for table in (self.tokens, self.places):
            normal_(table.weight.value, std=0.02, generator=generator)
        self.blocks = ModuleList(Block(dim, heads, dropout, home) for _ in range(layers))
        self.norm = LayerNorm(dim, backend=backend, dtype=dtype)
        self.output = Linear(dim, vocabulary, bias=False, **home)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (N, L) to scores of the token after each of them, (N, L, V).

        Raises:
            ShapeError: L is larger than the context.
        """
        length = tokens.shape[-1]
        if length > self.context:
            message = f"GPT: tokens is {tokens.shape}; a text has at most {self.context} tokens"
            raise ShapeError(message)
        x = self.tokens(tokens) + self.places(arange(length, backend=tokens.backend))
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x))  # type: ignore[no-any-return]  # a module returns Any
