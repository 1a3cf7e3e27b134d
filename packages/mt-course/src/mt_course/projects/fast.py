"""Module 3: the network of `tensor` with matrix products, on the cores of a CPU or on a GPU.

The layers are those of `mt_nn`, and Adam moves them: with the default options, all six tasks are
solved, Spiral included.
"""

from mt_course.projects.options import PointsOptions
from mt_course.projects.tensor import TensorLearner
from mt_nn import Linear
from mt_nn.optim import Adam


class FastLearner(TensorLearner):
    """A multi-layer perceptron of compiled kernels.

    Args:
        options: the width, the rate, the seed, the backend and the dtype.
    """

    def __init__(self, options: PointsOptions) -> None:
        """Draw the weights."""
        super().__init__(options, Linear, Adam)
