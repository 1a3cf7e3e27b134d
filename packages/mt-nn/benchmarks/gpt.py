"""A small GPT learns the Python language reference, letter by letter, and then writes some.

Nine tenths of the text are learned from; the last tenth, which are other topics, tells how well.
Beside it stand two baselines, both counted in the part that is learned from: how often each letter
comes (unigram), and how often it follows the letter before it (bigram). All in nats a letter. Run
it with `mt-nn[fast]`: `python packages/mt-nn/benchmarks/gpt.py`.
"""

import time
from argparse import ArgumentParser

import numpy as np
from numpy.typing import NDArray

from mt_nn import DataLoader, ProgressLines, Schedule, Trainer
from mt_nn.data import TokenWindows, Vocabulary, load_python_reference
from mt_nn.models import GPT, generate, next_token_loss
from mt_nn.optim import AdamW
from mt_nn.optim.lr_scheduler import OneCycleLR
from mt_tensor import Generator, float32

CONTEXT, BATCH_SIZE, TEST_BATCH = 64, 32, 64
PROMPTS = ("The ", "If ", "A function ")


def main() -> None:
    """Train, compare and write."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    text, source = load_python_reference()
    print(source)
    cut = len(text) * 9 // 10
    vocabulary = Vocabulary.of([text[:cut]])
    learned, held = vocabulary.encode(text[:cut]), vocabulary.encode(text[cut:])
    size = len(vocabulary)
    print(f"{len(learned):,} letters to learn from, {len(held):,} held out, {size} kinds")
    print(f"unigram {unigram(learned, held, size):.4f}, bigram {bigram(learned, held, size):.4f}")
    start = time.perf_counter()
    stream = Generator(options.seed)
    model = GPT(size, CONTEXT, dtype=float32, generator=stream)
    print(f"{sum(p.value.size for p in model.parameters()):,} parameters")
    optimizer = AdamW(model.parameters(), weight_decay=0.1)
    cycle = OneCycleLR(optimizer, max_lr=3e-3, total_steps=options.steps)
    trainer = Trainer(
        model,
        optimizer,
        loss=next_token_loss,
        callbacks=[ProgressLines(), Schedule(cycle, every="step")],
        clip_norm=1.0,
    )
    windows = TokenWindows(learned, CONTEXT, stride=8)
    batches = DataLoader(windows, BATCH_SIZE, shuffle=True, drop_last=True, generator=stream)
    epochs = -(-options.steps // len(batches))
    trainer.fit(batches, epochs=epochs, max_steps=options.steps)
    score = trainer.evaluate(DataLoader(TokenWindows(held, CONTEXT), TEST_BATCH))
    print(f"held out: {score.loss:.4f} nats a letter, {score.accuracy:.1%} guessed right")
    print(f"{time.perf_counter() - start:.0f} s; it writes, at temperature 0.7:")
    for prompt in PROMPTS:
        text = generate(model, vocabulary.encode(prompt), 200, temperature=0.7, generator=stream)
        print(f"--- {''.join(vocabulary.decode(text))}")


def unigram(learned: NDArray[np.int64], held: NDArray[np.int64], size: int) -> float:
    """Return the mean surprise at a letter by how often it comes; each counts once more."""
    counts = np.bincount(learned, minlength=size) + 1.0
    return float(-np.log(counts / counts.sum())[held].mean())


def bigram(learned: NDArray[np.int64], held: NDArray[np.int64], size: int) -> float:
    """Return the mean surprise at a letter by how often it follows the one before it."""
    counts = np.ones((size, size))
    np.add.at(counts, (learned[:-1], learned[1:]), 1.0)
    shares = counts / counts.sum(1, keepdims=True)
    return float(-np.log(shares[held[:-1], held[1:]]).mean())


if __name__ == "__main__":
    main()
