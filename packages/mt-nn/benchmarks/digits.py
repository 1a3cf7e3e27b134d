"""How many of 2,000 handwritten digits a network reads right with Adam, over three seeds.

8,000 of the 10,000 digits that ship with mt-course are learned from, 2,000 tested on: by default
the same for every seed, which decides the first weights, the order and the dropout. No epoch is
chosen: the network after the last step is the one that is tested. Run it with mt-course installed:
`python packages/mt-nn/benchmarks/digits.py`, and `--model mlp` or `--model resnet`.
"""

import time
from argparse import ArgumentParser

import numpy as np

from minitorch.data import Digits, load_digits, standardise
from mt_nn import DataLoader, ProgressLines, Schedule, TensorDataset, Trainer
from mt_nn.models import MLP, LeNet, ResNet
from mt_nn.optim import Adam
from mt_nn.optim.lr_scheduler import OneCycleLR
from mt_tensor import Generator, float32, tensor

TEST_SIZE, TEST_BATCH = 2000, 500
MODELS = {
    "lenet": LeNet,
    "mlp": lambda **options: MLP(784, 256, 10, dropout=0.25, **options),
    "resnet": ResNet,
}


def main() -> None:
    """Train with each seed, and print what it reaches."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="lenet")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--lr", type=float, default=0.01, help="the highest rate")
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--split", type=int, default=0, help="the seed of the split")
    options = parser.parse_args()
    learned, tested = (samples(part) for part in load_digits().split(TEST_SIZE, options.split))
    shares = []
    for seed in options.seeds:
        start = time.perf_counter()
        stream = Generator(seed)
        model = MODELS[options.model](dtype=float32, generator=stream)
        optimizer = Adam(model.parameters())
        batches = DataLoader(learned, options.batch, shuffle=True, generator=stream)
        cycle = OneCycleLR(optimizer, options.lr, total_steps=options.epochs * len(batches))
        callbacks = [ProgressLines(), Schedule(cycle, every="step")]
        trainer = Trainer(model, optimizer, callbacks=callbacks)
        trainer.fit(batches, epochs=options.epochs)
        score = trainer.evaluate(DataLoader(tested, TEST_BATCH))
        shares.append(score.accuracy)
        seconds = time.perf_counter() - start
        print(f"seed {seed}: {score.accuracy:.2%} of {score.samples} digits right; {seconds:.0f} s")
    print(f"mean of seeds {options.seeds}: {np.mean(shares):.2%}")


def samples(digits: Digits) -> TensorDataset:
    """Scale the pictures, and put them beside their classes."""
    return TensorDataset(tensor(standardise(digits.images)), tensor(digits.labels.astype(np.int64)))


if __name__ == "__main__":
    main()
