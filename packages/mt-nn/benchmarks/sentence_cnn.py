"""How many of 1,056 movie snippets the sentence CNN puts on the right side, over three seeds.

The network is chosen by its loss on a validation part of the same size, after each epoch; the test
part is read once, at the end. Run it with `mt-nn[fast,text]` installed:
`python packages/mt-nn/benchmarks/sentence_cnn.py`.
"""

import time
from argparse import ArgumentParser

import numpy as np
from numpy.typing import NDArray

from mt_nn import DataLoader, EarlyStopping, ProgressLines, Trainer
from mt_nn.data import (
    SentenceDataset,
    Snippets,
    Vocabulary,
    load_glove,
    load_snippets,
    tokenize,
)
from mt_nn.data.glove import random_vectors
from mt_nn.models import SentenceCNN
from mt_nn.optim import Adam
from mt_tensor import Generator, float32

Table = NDArray[np.float32]
EPOCHS, BATCH_SIZE, TEST_BATCH = 15, 50, 200


def main() -> None:
    """Train with each seed, and print what it reaches."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--random-vectors", action="store_true", help="do without GloVe")
    options = parser.parse_args()
    corpus = load_snippets()
    print(corpus.source)
    snippets = corpus.polar()
    vocabulary = Vocabulary.of(map(tokenize, snippets.texts))
    if options.random_vectors:
        table = random_vectors(len(vocabulary), seed=0)
    else:
        vectors = load_glove(vocabulary.words)
        print(vectors.source)
        table = vectors.table
    results = [run(snippets, vocabulary, table, seed) for seed in options.seeds]
    print(f"mean of seeds {options.seeds}: {np.mean(results):.1%}")


def run(snippets: Snippets, vocabulary: Vocabulary, vectors: Table, seed: int) -> float:
    """Train with a split and first weights of this seed, and return the share of the test."""
    start = time.perf_counter()
    stream = Generator(seed)
    learned, chosen, tested = (encoded(p, vocabulary) for p in snippets.split(seed=seed))
    model = SentenceCNN(len(vocabulary), vectors=vectors, dtype=float32, generator=stream)
    best = EarlyStopping(patience=2)
    trainer = Trainer(model, Adam(model.parameters()), callbacks=[ProgressLines(), best])
    batches = DataLoader(learned, BATCH_SIZE, shuffle=True, generator=stream)
    trainer.fit(batches, DataLoader(chosen, TEST_BATCH), epochs=EPOCHS)
    guesses = trainer.predict(DataLoader(tested, TEST_BATCH)).numpy().argmax(1)
    right = (guesses == tested.classes).mean()
    print(
        f"seed {seed}: epoch {best.best_epoch} chosen; {right:.1%} of {len(tested):,} "
        f"test snippets right; {time.perf_counter() - start:.0f} s"
    )
    return float(right)


def encoded(part: Snippets, vocabulary: Vocabulary) -> SentenceDataset:
    """Put a part into numbers."""
    return SentenceDataset([vocabulary.encode(tokenize(t)) for t in part.texts], part.labels)


if __name__ == "__main__":
    main()
