"""Whole networks, each in one readable file."""

from mt_nn.models.generation import generate as generate
from mt_nn.models.generation import next_token_loss as next_token_loss
from mt_nn.models.gpt import GPT as GPT
from mt_nn.models.lenet import LeNet as LeNet
from mt_nn.models.mlp import MLP as MLP
from mt_nn.models.resnet import ResNet as ResNet
from mt_nn.models.sentence_cnn import SentenceCNN as SentenceCNN
