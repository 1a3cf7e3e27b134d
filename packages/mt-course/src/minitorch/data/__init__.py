"""The digits that ship with the course, so that training needs no download."""

from minitorch.data.digits import Digits as Digits
from minitorch.data.digits import load_digits as load_digits
from minitorch.data.digits import standardise as standardise
