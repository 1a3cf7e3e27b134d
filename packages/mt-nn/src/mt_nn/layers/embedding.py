"""A table of vectors, one for each word or class."""

from typing import Any

from mt_nn.arguments import positive
from mt_nn.functional import embedding
from mt_nn.functional.embedding import padding_row
from mt_nn.init import normal_
from mt_operators import Module, Parameter
from mt_tensor import Backend, Generator, Tensor, zeros


class Embedding(Module):
    """Replace numbers by learned vectors; see `functional.embedding`.

    Args:
        num_embeddings: how many vectors.
        embedding_dim: their size.
        padding_idx: a vector that is zero and stays so; from the end if negative.
        backend: where the table lives; the default one if None.
        dtype: of the table; the default one if None.
        generator: where the initial values come from.

    Attributes:
        weight: shape (num_embeddings, embedding_dim), standard normal at first.

    Raises:
        ValueError: a size is not a positive integer.
        IndexingError: there is no row `padding_idx`.

    Source: `torch.nn.Embedding`.
    """

    def __init__(  # noqa: PLR0913
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the vectors."""
        positive("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_row(num_embeddings, padding_idx)
        table = zeros(num_embeddings, embedding_dim, dtype=dtype, backend=backend)
        normal_(table, generator=generator)
        if self.padding_idx is not None:
            table[self.padding_idx] = 0.0
        self.weight = Parameter(table)

    def forward(self, input: Tensor) -> Tensor:
        """Map integers of any shape to (*, embedding_dim)."""
        return embedding(input, self.weight.value, self.padding_idx)

    def extra_repr(self) -> str:
        """Show the sizes."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
