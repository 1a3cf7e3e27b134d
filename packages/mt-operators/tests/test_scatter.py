import xml.etree.ElementTree as ET

import pytest

from mt_operators import scatter_svg, scatter_text

POINTS = [(0.0, 0.0), (1.0, 1.0), (0.3, 0.6), (-2.0, 7.0)]
LABELS = [0, 1, 1, 0]


def elements(svg, tag):
    root = ET.fromstring(svg)  # noqa: S314  made by the code under test
    return [e.attrib for e in root if e.tag == f"{{http://www.w3.org/2000/svg}}{tag}"]


def test_text_has_a_frame_and_marks_in_place():
    assert scatter_text(POINTS, LABELS, width=10).splitlines() == [
        "+----------+",
        "|o        x|",
        "|   x      |",
        "|          |",
        "|          |",
        "|o         |",
        "+----------+",
    ]


def test_text_shows_the_model_behind_the_points():
    assert scatter_text([(0.9, 0.1)], [0], lambda x, y: x - y, width=6).splitlines() == [
        "+------+",
        "|     ·|",
        "|   ···|",
        "| ····o|",
        "+------+",
    ]


def test_the_narrowest_text():
    assert scatter_text([(0.5, 0.5)], [1], width=1) == "+-+\n|x|\n+-+"


@pytest.mark.parametrize(
    ("draw", "number", "name"),
    [(scatter_text, "width", "width"), (scatter_svg, "size", "size")],
)
def test_a_drawing_has_a_size(draw, number, name):
    with pytest.raises(ValueError, match=rf"{draw.__name__}: a {name} of 0.*must be at least 1"):
        draw(POINTS, LABELS, **{number: 0})


@pytest.mark.parametrize("draw", [scatter_text, scatter_svg])
def test_each_point_has_a_label(draw):
    with pytest.raises(ValueError, match=f"{draw.__name__}: 4 points but 3 labels"):
        draw(POINTS, LABELS[:-1])


def test_svg_has_one_mark_a_point_with_up_as_up():
    svg = scatter_svg(POINTS, LABELS, size=100)
    assert [(c["cx"], c["cy"]) for c in elements(svg, "circle")] == [
        ("0.0", "100.0"),
        ("0.0", "0.0"),
    ]
    assert [p["d"] for p in elements(svg, "path")] == [
        "M96.0 -4.0l8 8m0 -8l-8 8",
        "M26.0 36.0l8 8m0 -8l-8 8",
    ]
    assert len(elements(svg, "rect")) == 1


def test_svg_shades_where_the_model_is_positive():
    svg = scatter_svg([], [], lambda x, y: min(x, y) - 0.5, size=80)
    shades = elements(svg, "rect")[1:]
    area = {}
    for r in shades:
        size = float(r["width"]) * float(r["height"])
        area[r["fill"]] = area.get(r["fill"], 0.0) + size
    assert sorted(area.values()) == [40.0 * 40.0, 80.0 * 80.0 - 40.0 * 40.0]
    assert {float(r["y"]) < 40.0 for r in shades if float(r["x"]) == 40.0} == {True}


def test_svg_escapes_its_title():
    svg = scatter_svg([], [], title="a < b & c")
    assert "<title>a &lt; b &amp; c</title>" in svg
