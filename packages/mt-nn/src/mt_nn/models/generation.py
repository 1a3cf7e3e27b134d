"""Writing with a model that predicts the next token: predict, draw, append, and again."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mt_nn.functional import cross_entropy
from mt_nn.models.gpt import GPT
from mt_nn.training.evaluation import evaluating
from mt_tensor import Generator, Tensor, default_generator, tensor


def next_token_loss(scores: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of each token with what came, averaged; in nats for each token.

    Args:
        scores: shape (N, L, V).
        target: the tokens that came, shape (N, L).
    """
    return cross_entropy(scores.flatten(0, 1), target.flatten())


def generate(
    model: GPT,
    tokens: Iterable[int],
    count: int,
    *,
    temperature: float = 1.0,
    generator: Generator | None = None,
) -> NDArray[np.int64]:
    """Go on with a text.

    Args:
        model: what predicts; it sees the last `model.context` tokens.
        tokens: the text so far, at least one token.
        count: how many tokens to add.
        temperature: above 1 for more surprise, below 1 for less; 0 always takes the likeliest.
        generator: what draws; the library's own if None.

    Returns:
        The text with what was added, shape (tokens + count,).

    Raises:
        ValueError: there is no token to go on from, or a number is negative.
    """
    text = np.array(list(tokens), np.int64)
    if not text.size or count < 0 or not temperature >= 0.0:
        message = (
            f"generate: {text.size} tokens to go on from, count = {count} and temperature = "
            f"{temperature} must be at least 1, 0 and 0"
        )
        raise ValueError(message)
    stream = (generator or default_generator).numpy
    backend = model.output.weight.value.backend
    with evaluating(model):
        for _ in range(count):
            seen = tensor(text[np.newaxis, -model.context :], backend=backend)
            scores = model(seen).numpy()[0, -1].astype(np.float64)
            text = np.append(text, _drawn(scores, temperature, stream))
    return text


def _drawn(scores: NDArray[np.float64], temperature: float, stream: np.random.Generator) -> int:
    """Draw a token by softmax(scores / temperature); Gumbel noise makes that an argmax."""
    if temperature:
        scores = scores / temperature + stream.gumbel(size=scores.shape)
    return int(scores.argmax())
