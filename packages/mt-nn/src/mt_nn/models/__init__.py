"""Whole networks, each in one readable file."""

from mt_nn.models.lenet import LeNet as LeNet
from mt_nn.models.sentence_cnn import SentenceCNN as SentenceCNN
