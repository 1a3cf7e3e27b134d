"""The picture of a run: what is drawn is what the numbers say."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.image import imread
from matplotlib.patches import Rectangle

from mt_course.figures import Classified, training_figure
from mt_course.figures.style import WRONG
from mt_nn import Epoch, Score

HISTORY = [
    Epoch(1, Score(0.9, 0.7, 80), Score(0.4, 0.9, 20), 2.0),
    Epoch(2, Score(0.5, 0.8, 80), Score(0.3, 0.95, 20), 2.0),
]
UNTESTED = Epoch(3, Score(0.4, 0.85, 10), None, 0.1)


def classified(predicted, labels, sureness=0.9):
    """Make one picture for each prediction; its ink is its ordinal plus one."""
    count = len(predicted)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 14, 14] = np.arange(1, count + 1)
    probabilities = np.full((count, 10), 0.01)
    probabilities[np.arange(count), predicted] = sureness
    return Classified(images, np.array(labels, np.uint8), probabilities)


def draw(history=HISTORY, test=None):
    test = classified([3, 5, 7], [3, 5, 1]) if test is None else test
    return training_figure(history, test, "A heading", "some details")


def titled(figure, start):
    return next(axes for axes in figure.axes if axes.get_title("left").startswith(start))


def frames(axes):
    """List the upper left corners of the red frames, in pixels."""
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert all(box.get_edgecolor() == to_rgba(WRONG) for box in boxes)
    return [box.get_xy() for box in boxes]


@pytest.mark.parametrize(
    ("panel", "train", "test"),
    [("Loss", [0.9, 0.5], [0.4, 0.3]), ("Accuracy", [0.7, 0.8], [0.9, 0.95])],
)
def test_curves_go_through_the_history(panel, train, test):
    lines = {line.get_label(): line for line in titled(draw(), panel).lines}
    assert lines["train"].get_xydata().tolist() == [[1, train[0]], [2, train[1]]]
    assert lines["test"].get_xydata().tolist() == [[1, test[0]], [2, test[1]]]


def test_an_epoch_without_a_test_has_a_point_on_the_training_curve_alone():
    lines = {line.get_label(): line for line in titled(draw([*HISTORY, UNTESTED]), "Loss").lines}
    assert lines["train"].get_xdata().tolist() == [1, 2, 3]
    assert lines["test"].get_xdata().tolist() == [1, 2]


def test_wrong_predictions_alone_are_framed_and_say_what_was_right():
    axes = titled(draw(), "Test digits")
    captions = [(text.get_text(), text.get_color() == WRONG) for text in axes.texts]
    assert captions == [("3", False), ("5", False), ("1 \N{RIGHTWARDS ARROW} 7", True)]
    assert frames(axes) == [(2 * 38, 0)]


def test_pictures_stand_where_their_captions_are():
    test = classified([4] * 13, [4] * 13)
    axes = titled(draw(test=test), "Test digits")
    mosaic = axes.images[0].get_array()
    for i, text in enumerate(axes.texts):
        x, y = text.get_position()
        assert mosaic[int(y) - 14 - 5, int(x)] == i + 1


def test_mistakes_come_surest_first():
    test = classified([3, 5, 7, 8], [3, 1, 1, 1], sureness=np.array([0.9, 0.5, 0.7, 0.6]))
    axes = titled(draw(test=test), "The surest of 3 mistakes")
    assert [text.get_text()[-1] for text in axes.texts] == ["7", "8", "5"]
    assert len(frames(axes)) == 3


def test_a_flawless_run_says_so():
    axes = titled(draw(test=classified([1, 2], [1, 2])), "No mistakes")
    assert not axes.texts


def test_a_long_test_part_is_sampled():
    test = classified([1] * 200, [2] * 200)
    figure = draw(test=test)
    assert len(titled(figure, "Test digits").texts) == 60
    assert len(titled(figure, "The surest of 200 mistakes").texts) == 20


@pytest.mark.parametrize("history", [HISTORY, HISTORY[:1], []])
def test_the_figure_renders_with_few_epochs_or_none(history):
    content = BytesIO()
    draw(history).savefig(content, format="png")
    content.seek(0)
    pixels = imread(content)
    assert pixels.shape == (912, 1620, 4)
    assert 0.8 < pixels.mean() < 0.999, "neither black nor empty"
