"""Optimisers: how a network follows its gradients."""

from mt_nn.optim.adam import Adam as Adam
from mt_nn.optim.adam import AdamW as AdamW
from mt_nn.optim.optimizer import Optimizer as Optimizer
from mt_nn.optim.sgd import SGD as SGD
