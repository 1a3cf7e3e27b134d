"""Optimisers: how a network follows its gradients."""

from mt_nn.optim import lr_scheduler as lr_scheduler
from mt_nn.optim.adagrad import Adagrad as Adagrad
from mt_nn.optim.adam import Adam as Adam
from mt_nn.optim.adam import AdamW as AdamW
from mt_nn.optim.lion import Lion as Lion
from mt_nn.optim.muon import Muon as Muon
from mt_nn.optim.optimizer import Optimizer as Optimizer
from mt_nn.optim.rmsprop import RMSprop as RMSprop
from mt_nn.optim.sgd import SGD as SGD
