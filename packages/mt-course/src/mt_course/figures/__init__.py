"""Pictures of training, drawn by Matplotlib without a window or a global figure."""

from mt_course.figures.classified import Classified as Classified
from mt_course.figures.training import save_figure as save_figure
from mt_course.figures.training import training_figure as training_figure
