"""Schedules: how the learning rate changes while a network is trained."""

from mt_nn.optim.lr_scheduler.curves import ConstantLR as ConstantLR
from mt_nn.optim.lr_scheduler.curves import CosineAnnealingLR as CosineAnnealingLR
from mt_nn.optim.lr_scheduler.curves import ExponentialLR as ExponentialLR
from mt_nn.optim.lr_scheduler.curves import LambdaLR as LambdaLR
from mt_nn.optim.lr_scheduler.curves import LinearLR as LinearLR
from mt_nn.optim.lr_scheduler.curves import MultiStepLR as MultiStepLR
from mt_nn.optim.lr_scheduler.curves import SequentialLR as SequentialLR
from mt_nn.optim.lr_scheduler.curves import StepLR as StepLR
from mt_nn.optim.lr_scheduler.one_cycle import OneCycleLR as OneCycleLR
from mt_nn.optim.lr_scheduler.plateau import ReduceLROnPlateau as ReduceLROnPlateau
from mt_nn.optim.lr_scheduler.scheduler import LRScheduler as LRScheduler
