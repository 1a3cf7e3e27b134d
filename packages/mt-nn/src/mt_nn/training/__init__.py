"""Training: the loop, what it shows and what it remembers."""

from mt_nn.training.callback import Callback as Callback
from mt_nn.training.checkpoints import Checkpoints as Checkpoints
from mt_nn.training.display import ProgressBar as ProgressBar
from mt_nn.training.display import ProgressLines as ProgressLines
from mt_nn.training.display import progress as progress
from mt_nn.training.early_stopping import EarlyStopping as EarlyStopping
from mt_nn.training.evaluation import evaluate as evaluate
from mt_nn.training.evaluation import predict as predict
from mt_nn.training.history import Epoch as Epoch
from mt_nn.training.history import History as History
from mt_nn.training.history import Score as Score
from mt_nn.training.meter import accuracy as accuracy
from mt_nn.training.schedule import Schedule as Schedule
from mt_nn.training.step import NonFiniteLossError as NonFiniteLossError
from mt_nn.training.trainer import Trainer as Trainer
