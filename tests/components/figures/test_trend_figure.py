"""The big chart of a history: points, band, gaps and marks stand where the nights are."""

from datetime import date, timedelta

import numpy as np

from components.figures.trend import Course, Mark, trend_figure
from somnia_engine.metrics.baseline import baseline, running_median

FIRST = date(2025, 1, 1)


def course(**more: object) -> Course:
    days = tuple(FIRST + timedelta(days=i) for i in (*range(10), *range(14, 24)))
    values = np.linspace(60.0, 90.0, len(days))
    median = running_median(np.array([day.toordinal() for day in days]), values)
    return Course(days, values, baseline(values), median, ("said",) * len(days), "accent", "Score", **more)


def test_days_without_nights_are_a_gap_and_no_line_crosses_it() -> None:
    figure = trend_figure(course())
    (gap,) = [shape for shape in figure["layout"]["shapes"] if shape["type"] == "rect"]
    assert (gap["x0"], gap["x1"]) == ("2025-01-10 12:00", "2025-01-14 12:00")
    (line,) = [trace for trace in figure["data"] if trace["mode"] == "lines" and "fill" not in trace]
    assert line["y"][9] is None


def test_the_band_begins_after_seven_nights() -> None:
    (band,) = [trace for trace in trend_figure(course())["data"] if trace.get("fill") == "toself"]
    assert min(band["x"]) == "2025-01-08"


def test_tags_have_an_axis_of_their_own_and_a_therapy_is_marked_by_its_name() -> None:
    layout_of = trend_figure(course(tagged=(FIRST,), marks=(Mark(FIRST + timedelta(days=3), "CPAP"),)))
    assert layout_of["layout"]["yaxis2"]["range"] == [0, 1]
    assert [flag["text"] for flag in layout_of["layout"]["annotations"]] == ["CPAP"]
