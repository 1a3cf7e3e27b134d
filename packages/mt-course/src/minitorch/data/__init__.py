"""Digits: those that ship with the course, so that training needs no download, and all of MNIST."""

from minitorch.data.digits import Digits as Digits
from minitorch.data.digits import load_digits as load_digits
from minitorch.data.digits import standardise as standardise
from minitorch.data.mnist import load_mnist as load_mnist
