"""Geometry of charts: series in, path data out."""

import pytest

from calls.charts import DAY, Frame, grid_lines, line, nice_ceiling

SQUARE = Frame(width=120, height=120, left=10, right=110, top=10, bottom=110)


@pytest.mark.parametrize(
    ("highest", "ceiling"), [(0, 4), (4, 4), (5, 6), (9, 12), (33, 40), (41, 60), (801, 1200), (2418, 3200)]
)
def test_the_axis_ends_at_a_round_figure(highest, ceiling):
    assert nice_ceiling(highest) == ceiling


def test_the_axis_has_five_lines_from_bottom_to_top():
    lines = grid_lines(400, SQUARE)

    assert [(one.value, one.y) for one in lines] == [(0, 110), (100, 85), (200, 60), (300, 35), (400, 10)]


def test_a_line_goes_through_its_points_and_its_area_down_to_the_axis():
    drawn = line([(0.0, 0), (0.01, 200), (0.02, 400)], 400, SQUARE)

    assert drawn.path == "M10.0 110.0L11.0 60.0L12.0 10.0"
    assert drawn.area == "M10.0 110.0L11.0 60.0L12.0 10.0L12.0 110L10.0 110Z"
    assert drawn.end == (12.0, 10.0)


def test_a_line_breaks_where_nothing_was_measured():
    by_gap = line([(0.0, 1), (0.005, 1), (0.5, 1), (0.505, 1)], 4, SQUARE)
    by_none = line([(0.0, 1), (0.005, None), (0.01, 1)], 4, SQUARE)

    assert by_gap.path.count("M") == by_gap.area.count("Z") == 2
    assert by_none.path.count("M") == 2


def test_nothing_measured_draws_nothing():
    assert line([], 4, DAY) == line([(0.2, None)], 4, DAY)
    assert line([], 4, DAY).end is None
