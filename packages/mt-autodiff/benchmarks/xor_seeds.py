"""Train the MLP of scalars on Xor from many seeds, and print how many points each gets right.

python xor_seeds.py [--seeds 20] [--epochs 500]

50 points, two hidden layers of 10, rate 0.5; the seed decides the points and the first weights.
"""

import argparse
import time

from mt_autodiff.mlp import MLP, correct, train
from mt_operators import DATASETS

POINTS, HIDDEN, RATE = 50, 10, 0.5
GOOD = 48


def main() -> None:
    """Print one line a seed, then the summary."""
    parser = argparse.ArgumentParser(description="Xor by an MLP of scalars")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=500)
    options = parser.parse_args()
    start, counts = time.process_time(), []
    for seed in range(options.seeds):
        data = DATASETS["Xor"](POINTS, seed=seed)
        model = MLP(HIDDEN, seed=seed)
        *_, loss = train(model, data, RATE, options.epochs)
        counts.append(correct(model, data))
        print(f"seed {seed:>2}: {counts[-1]} of {POINTS}, loss {loss:.4f}", flush=True)
    each = (time.process_time() - start) / (options.seeds * options.epochs)
    good = sum(count >= GOOD for count in counts)
    print(f"{good} of {options.seeds} seeds reach {GOOD}; {1e3 * each:.1f} ms an epoch")
    print(f"sorted: {sorted(counts)}")


if __name__ == "__main__":
    main()
