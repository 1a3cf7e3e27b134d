"""Data sets, the loaders that make batches of them, and what is done to samples on the way."""

from mt_nn.data.cache import ChecksumError as ChecksumError
from mt_nn.data.cache import UnavailableError as UnavailableError
from mt_nn.data.cache import data_folder as data_folder
from mt_nn.data.dataset import Dataset as Dataset
from mt_nn.data.dataset import TensorDataset as TensorDataset
from mt_nn.data.glove import WordVectors as WordVectors
from mt_nn.data.glove import load_glove as load_glove
from mt_nn.data.loader import DataLoader as DataLoader
from mt_nn.data.python_reference import load_python_reference as load_python_reference
from mt_nn.data.snippets import Snippets as Snippets
from mt_nn.data.snippets import load_snippets as load_snippets
from mt_nn.data.source import Source as Source
from mt_nn.data.text import SentenceDataset as SentenceDataset
from mt_nn.data.text import Vocabulary as Vocabulary
from mt_nn.data.text import pad_sequences as pad_sequences
from mt_nn.data.text import tokenize as tokenize
from mt_nn.data.tokens import TokenWindows as TokenWindows
