"""The plane that a network has learned, with the points on it."""

import numpy as np

from mt_course.figures.boundary import boundary_figure
from mt_nn import Epoch, Score
from mt_operators import DATASETS

DATA = DATASETS["Simple"](40, seed=0)
EPOCHS = [Epoch(n, Score(1.0 / n, n / 3, 40), None, 0.1) for n in (1, 2, 3)]


def left_half(points):
    """Hold that label 1 is on the left, which is the rule of Simple."""
    return [1.0 if x < 0.5 else 0.0 for x, _ in points]


def right_half(points):
    return [1.0 - p for p in left_half(points)]


def plane(figure):
    (axes,) = (a for a in figure.axes if a.get_title(loc="left").startswith("Simple"))
    return axes


def rings(axes):
    (found,) = (c for c in axes.collections if c.get_label() == "wrong")
    return np.asarray(found.get_offsets())


def test_a_network_that_is_right_has_no_rings():
    axes = plane(boundary_figure(EPOCHS, DATA, left_half, "heading", "details"))
    assert len(rings(axes)) == 0


def test_every_wrong_point_is_ringed():
    axes = plane(boundary_figure(EPOCHS, DATA, right_half, "heading", "details"))
    np.testing.assert_allclose(rings(axes), DATA.points)


def test_the_plane_is_coloured_by_the_probability_where_it_lies():
    axes = plane(boundary_figure([], DATA, left_half, "heading", "details"))
    (image,) = axes.images
    low, high, *_ = image.get_extent()
    columns = np.asarray(image.get_array())
    centers = low + (np.arange(columns.shape[1]) + 0.5) * (high - low) / columns.shape[1]
    np.testing.assert_array_equal(columns, np.tile(centers < 0.5, (columns.shape[0], 1)))


def test_both_labels_are_named_in_their_colours():
    axes = plane(boundary_figure([], DATA, left_half, "heading", "details"))
    named = {text.get_text(): text.get_color() for text in axes.texts}
    drawn = [c.get_facecolor() for c in axes.collections if len(c.get_facecolor())]
    assert set(named) == {"label 0", "label 1"}
    assert len(set(named.values())) == 2
    assert len(drawn) >= 2


def test_without_epochs_the_plane_stands_alone():
    assert len(boundary_figure([], DATA, left_half, "heading", "details").axes) == 1
    figure = boundary_figure(EPOCHS, DATA, left_half, "heading", "details")
    assert [a.get_title(loc="left") for a in figure.axes] == [
        "Loss",
        "Accuracy",
        "Simple: 40 points",
    ]
    assert [text.get_text() for text in figure.texts] == ["heading", "details"]
    figure.canvas.draw()
