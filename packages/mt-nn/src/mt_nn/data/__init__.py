"""Data sets and the loaders that make batches of them."""

from mt_nn.data.dataset import Dataset as Dataset
from mt_nn.data.dataset import TensorDataset as TensorDataset
from mt_nn.data.loader import DataLoader as DataLoader
