"""How all pictures look: one palette, quiet axes, labels beside what they name."""

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK = "#22303c"
QUIET = "#8a97a3"
FAINT = "#e6eaee"
TRAIN = "#9db4c8"
TEST = "#1f6f9f"
WRONG = "#d1402f"


def headed(heading: str, details: str) -> Figure:
    """Begin the picture of a run: a line above everything, and a smaller one below it."""
    figure = Figure(figsize=(13.5, 7.6), dpi=120, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.035, 0.945, heading, color=INK, fontsize=17, fontweight="bold")
    figure.text(0.035, 0.912, details, color=QUIET, fontsize=10)
    return figure


def title(axes: Axes, text: str) -> None:
    """Put a title above the left corner."""
    axes.set_title(text, loc="left", color=INK, fontsize=11, fontweight="bold", pad=8)


def quiet(axes: Axes) -> None:
    """Leave of the axes only what a reader needs: ticks below and left, a faint grid."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.tick_params(colors=QUIET, labelsize=9, length=0)
    axes.grid(axis="y", color=FAINT, linewidth=1)
    axes.set_axisbelow(True)
