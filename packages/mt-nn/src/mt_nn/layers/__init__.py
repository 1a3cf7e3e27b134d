"""Layers: modules that hold what a function of `mt_nn.functional` needs."""

from mt_nn.layers.activation import LogSoftmax as LogSoftmax
from mt_nn.layers.activation import ReLU as ReLU
from mt_nn.layers.activation import Sigmoid as Sigmoid
from mt_nn.layers.activation import Softmax as Softmax
from mt_nn.layers.activation import Tanh as Tanh
from mt_nn.layers.batch_norm import BatchNorm1d as BatchNorm1d
from mt_nn.layers.batch_norm import BatchNorm2d as BatchNorm2d
from mt_nn.layers.container import Flatten as Flatten
from mt_nn.layers.container import Sequential as Sequential
from mt_nn.layers.convolution import Conv1d as Conv1d
from mt_nn.layers.convolution import Conv2d as Conv2d
from mt_nn.layers.convolution import ConvTranspose1d as ConvTranspose1d
from mt_nn.layers.convolution import ConvTranspose2d as ConvTranspose2d
from mt_nn.layers.dropout import Dropout as Dropout
from mt_nn.layers.linear import Linear as Linear
from mt_nn.layers.loss import CrossEntropyLoss as CrossEntropyLoss
from mt_nn.layers.loss import NLLLoss as NLLLoss
from mt_nn.layers.normalization import GroupNorm as GroupNorm
from mt_nn.layers.normalization import LayerNorm as LayerNorm
from mt_nn.layers.normalization import RMSNorm as RMSNorm
from mt_nn.layers.pooling import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from mt_nn.layers.pooling import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from mt_nn.layers.pooling import AvgPool1d as AvgPool1d
from mt_nn.layers.pooling import AvgPool2d as AvgPool2d
from mt_nn.layers.pooling import MaxPool1d as MaxPool1d
from mt_nn.layers.pooling import MaxPool2d as MaxPool2d
