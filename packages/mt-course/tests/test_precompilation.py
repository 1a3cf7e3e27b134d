"""What is compiled ahead is what training needs: in the next process nothing is compiled.

Every library of machine code is counted, whatever it is made for. The projects take their first
step as they are: real sizes, the digits that ship with the course, and the scores of the first
epoch.
"""

import os
import subprocess
import sys

import pytest

from mt_fast.kernels.intrinsics.instruction import EXAMINED

COUNTING = """
from numba.core import codegen

compiled, finalize = [], codegen.CPUCodeLibrary.finalize

def counting(library):
    if library.name != "nrt":  # Numba's own runtime, made in every process
        compiled.append(library.name)
    finalize(library)

codegen.CPUCodeLibrary.finalize = counting
"""

AHEAD = """
import mt_fast
mt_fast.precompile(dtypes=["float32"])
print(len(compiled))
"""

STEPS = """
from dataclasses import replace
import numpy as np
from mt_course.projects.fast import FastLearner
from mt_course.projects.mnist import train_mnist
from mt_course.projects.options import FAST, MnistOptions, SentimentOptions
from mt_course.projects.sentiment import train_sentiment
from mt_course.projects.tensor import TensorLearner
from mt_fast.precompilation import _counted
from mt_nn.data import Snippets, Source

points = replace(FAST, dtype="float32")
data = points.data()
texts = [f"number {i} is {'good' if i % 2 else 'bad'}" for i in range(200)]
ratings = np.array([4.0 * (i % 2) - 2.0 for i in range(200)])
snippets = Snippets(tuple(texts), ratings, Source("made up", "nowhere", "none", "nobody"))

with _counted() as asked:
    for learner in (TensorLearner, FastLearner):
        learner(points).learn(data.points[:10], data.labels[:10])
    train_mnist(MnistOptions(max_steps=1))
    train_sentiment(SentimentOptions(max_steps=1, vectors="random"), snippets)
print(len(asked), *compiled)
"""


@pytest.mark.skipif(EXAMINED, reason="machine code is counted as it is in use")
def test_a_first_step_after_precompile_compiles_nothing(tmp_path):
    def run(program):
        done = subprocess.run(
            [sys.executable, "-c", COUNTING + program],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        )
        return done.stdout.splitlines()[-1].split()

    (ahead,) = run(AHEAD)
    assert int(ahead) > 100
    loaded, *compiled = run(STEPS)
    assert int(loaded) > 50
    assert compiled == []
