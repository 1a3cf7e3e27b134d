"""Pictures of training, drawn by Matplotlib without a window or a global figure."""

from minitorch.figures.classified import Classified as Classified
from minitorch.figures.training import save_figure as save_figure
from minitorch.figures.training import training_figure as training_figure
