"""Two nights over one clock: the same moment of the clock lies at the same place, and both are drawn on one scale."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from components.figures.pair import Side, pair_figure
from somnia_engine.types.night import NightAnalysis
from tests.components.made import START, night

FIRST = date(2025, 11, 14)


def side(analysis: NightAnalysis, *, day: date = FIRST, name: str = "A") -> Side:
    return Side(analysis, day, name)


def test_the_same_moment_of_the_clock_lies_at_the_same_place() -> None:
    later = night(start=START + timedelta(days=1, hours=2))
    layout = pair_figure(side(night()), side(later, day=FIRST + timedelta(days=1), name="B"))["layout"]
    assert layout["xaxis"]["range"] == [0.0, 10 * 3600.0]
    assert layout["xaxis2"]["range"] == [-2 * 3600.0, 8 * 3600.0]
    places = [dict(zip(layout[axis]["ticktext"], layout[axis]["tickvals"], strict=True)) for axis in ("xaxis", "xaxis2")]
    assert places[0].keys() == places[1].keys()
    assert {places[0][clock] - places[1][clock] for clock in places[0]} == {2 * 3600.0}


def test_nights_on_both_sides_of_a_clock_change_meet_by_the_clock_too() -> None:
    sunday = date(2025, 10, 26)
    summer = night(start=START.replace(month=10, day=24, hour=23))
    winter = night(start=START.replace(month=10, day=sunday.day, hour=23))
    layout = pair_figure(side(summer, day=date(2025, 10, 24)), side(winter, day=sunday))["layout"]
    assert layout["xaxis"]["range"] == layout["xaxis2"]["range"]


def test_a_night_without_a_clock_is_compared_from_its_beginning() -> None:
    layout = pair_figure(side(night(start=None, zone=None)), side(night()))["layout"]
    assert layout["xaxis"]["range"] == layout["xaxis2"]["range"] == [0.0, 8 * 3600.0]


def test_each_lane_of_both_has_one_scale_and_says_whose_it_is() -> None:
    low = night()
    traces = tuple(replace(trace, samples=trace.samples - 20) if trace.channel == "spo2_pct" else trace for trace in low.traces)
    layout = pair_figure(side(night(), name="A"), side(replace(low, traces=traces), name="B"))["layout"]
    titles = {title["text"]: f"yaxis{'' if i == 0 else i + 1}" for i, title in enumerate(layout["annotations"])}
    ranges = [layout[titles[f"Blood oxygen, % · {name}"]]["range"] for name in "AB"]
    assert ranges[0] == ranges[1]
    assert ranges[0][0] == pytest.approx(55.0)
    assert sum(text.endswith(" · A") for text in titles) == sum(text.endswith(" · B") for text in titles)
