"""Figures of a history: one number over weeks to years with its own band, asleep and awake as an actogram, the days of the week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components import words
from components.figures.strokes import var
from somnia_engine.dsp.resampling import runs
from somnia_engine.metrics.baseline import Baseline
from somnia_engine.metrics.regularity import DAY_MIN, Days
from somnia_engine.text import t

GAP_DAYS = 2
"""From how many days without a night on a stretch is shown as a gap."""
ACTOGRAM_ROW_PX, ACTOGRAM_LEAST_PX = 9, 180
FONT = {"family": "Inter, Noto Sans, system-ui, sans-serif", "size": 12, "color": var("text")}


@dataclass(frozen=True, slots=True)
class Mark:
    """A day to be marked on the chart: a therapy that begins or ends, and what it is called."""

    day: date
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What the big chart draws: a value a night with its band and running median, the days that are tagged, and marks.

    `said` has a line for each night, shown at its point; `ticks` are places and labels of an axis of clock times, else None.
    """

    days: tuple[date, ...]
    values: NDArray[np.float64]
    band: Baseline
    median: NDArray[np.float64]
    said: tuple[str, ...]
    token: str
    title: str
    tagged: tuple[date, ...] = ()
    marks: tuple[Mark, ...] = ()
    ticks: tuple[tuple[float, ...], tuple[str, ...]] | None = None


def trend_figure(course: Course) -> dict[str, Any]:
    """Return one number over time: points, the median of two weeks as a line, the band behind, gaps hatched, marks above."""
    x = [day.isoformat() for day in course.days]
    known = np.isfinite(course.values)
    points = {
        "type": "scatter", "mode": "markers", "x": x, "y": _plain(course.values), "marker": {"color": var(course.token), "size": 6, "opacity": 0.8},  # noqa: E501
        "text": list(course.said), "hovertemplate": "%{text}<extra></extra>", "name": t("each night"),
    }  # fmt: skip
    median = {
        "type": "scatter", "mode": "lines", "x": x, "y": _broken(course.days, course.median), "connectgaps": False, "hoverinfo": "skip",
        "line": {"color": var(course.token), "width": 2.5, "shape": "linear"}, "name": t("median of 14 days"),
    }  # fmt: skip
    gaps = [_gap(first, last) for first, last in _gaps([day for day, there in zip(course.days, known, strict=True) if there])]
    layout = _layout(340)
    layout["margin"] = {"l": 56, "r": 12, "t": 30, "b": 32}
    layout["xaxis"] |= {"type": "date", "tickformat": "%-d.%-m.", "nticks": 9, "hoverformat": "%-d.%-m.%Y"}
    layout["yaxis"] |= {"title": {"text": course.title, "font": {"size": 12, "color": var("muted")}}, "nticks": 6}
    if course.ticks is not None:
        layout["yaxis"] |= {"tickvals": list(course.ticks[0]), "ticktext": list(course.ticks[1])}
    layout["yaxis2"] = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    layout["shapes"] = [*gaps, *(_rule(mark.day) for mark in course.marks)]
    layout["annotations"] = [_flag(mark) for mark in course.marks]
    return {"data": [*_band(course), median, points, *_tags(course)], "layout": layout}


def actogram_figure(days: Days) -> dict[str, Any]:
    """Return asleep and awake, two days to a row from noon to noon, each day once on the right and once on the left of the next row."""
    n = len(days.states)
    asleep = [runs(row == 1.0) for row in days.states]
    bars: tuple[list[float], list[float], list[str]] = ([], [], [])
    for row in range(n):
        for shift, day in ((0, row), (DAY_MIN, row + 1)):
            for begin, end in asleep[day] if day < n else ():
                bars[0].append((begin + shift) / 60.0)
                bars[1].append((end - begin) / 60.0)
                bars[2].append((days.first + timedelta(days=row)).isoformat())
    trace = {
        "type": "bar", "orientation": "h", "base": bars[0], "x": bars[1], "y": bars[2], "marker": {"color": var("stage-n2"), "line": {"width": 0}},  # noqa: E501
        "hoverinfo": "skip", "width": 0.82 * 86400000,
    }  # fmt: skip
    layout = _layout(max(ACTOGRAM_LEAST_PX, ACTOGRAM_ROW_PX * n + 60))
    layout["margin"] = {"l": 64, "r": 12, "t": 8, "b": 30}
    hours = list(range(0, 49, 6))
    layout["xaxis"] |= {"range": [0, 48], "tickvals": hours, "ticktext": [f"{(12 + hour) % 24:02d}:00" for hour in hours]}
    layout["yaxis"] |= {"type": "date", "autorange": "reversed", "tickformat": "%-d.%-m.", "nticks": max(3, n // 7)}
    layout["shapes"] = [_hatch(days.first + timedelta(days=row)) for row in np.flatnonzero(~days.measured()).tolist()]
    layout["shapes"].append(
        {"type": "line", "x0": 24, "x1": 24, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": var("line"), "width": 1}}
    )
    return {"data": [trace], "layout": {**layout, "barmode": "overlay", "bargap": 0}}


def weekday_figure(
    values: Sequence[NDArray[np.float64]], *, token: str, ticks: tuple[tuple[float, ...], tuple[str, ...]] | None
) -> dict[str, Any]:
    """Return the nights of each weekday: every night as a point, the median as a bar."""
    names = [t(name) for name in words.WEEKDAYS]
    x = [name for name, day in zip(names, values, strict=True) for _ in day]
    points = {
        "type": "scatter", "mode": "markers", "x": x, "y": [float(v) for day in values for v in day], "hoverinfo": "skip",
        "marker": {"color": var(token), "size": 5, "opacity": 0.35},
    }  # fmt: skip
    middle = {
        "type": "scatter", "mode": "markers", "x": names, "y": [float(np.median(day)) if len(day) else None for day in values],
        "marker": {"symbol": "line-ew", "size": 26, "line": {"color": var(token), "width": 4}}, "hoverinfo": "skip",
    }  # fmt: skip
    layout = _layout(240)
    layout["margin"] = {"l": 56, "r": 12, "t": 8, "b": 28}
    layout["xaxis"] |= {"type": "category", "categoryorder": "array", "categoryarray": names, "showgrid": False, "range": [-0.5, 6.5]}
    if ticks is not None:
        layout["yaxis"] |= {"tickvals": list(ticks[0]), "ticktext": list(ticks[1])}
    return {"data": [points, middle], "layout": layout}


def _layout(height: int) -> dict[str, Any]:
    axis = {
        "showgrid": True,
        "gridcolor": var("line"),
        "zeroline": False,
        "tickfont": {"color": var("muted"), "size": 12},
        "ticks": "",
        "fixedrange": True,
    }
    return {
        "height": height, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "font": FONT, "showlegend": False,
        "xaxis": {**axis}, "yaxis": {**axis}, "hovermode": "closest", "shapes": [], "annotations": [], "dragmode": False,
    }  # fmt: skip


def _band(course: Course) -> list[dict[str, Any]]:
    """Return the band as a closed shape for each stretch in which it is known."""
    found = []
    for begin, end in runs(np.isfinite(course.band.low)):
        days = [day.isoformat() for day in course.days[begin:end]]
        edge = [*course.band.high[begin:end].tolist(), *course.band.low[begin:end][::-1].tolist()]
        found.append(
            {"type": "scatter", "mode": "lines", "x": [*days, *days[::-1]], "y": edge, "fill": "toself", "hoverinfo": "skip",
             "line": {"width": 0}, "fillcolor": var(course.token, 0.14), "name": t("your own band")}
        )  # fmt: skip
    return found


def _tags(course: Course) -> list[dict[str, Any]]:
    """Return a small mark at the foot of the chart for each day with a tag."""
    if not course.tagged:
        return []
    return [
        {"type": "scatter", "mode": "markers", "x": [day.isoformat() for day in course.tagged], "y": [0.02] * len(course.tagged), "yaxis": "y2",  # noqa: E501
         "marker": {"symbol": "triangle-up", "size": 8, "color": var("muted")}, "hoverinfo": "skip", "name": t("tagged")}
    ]  # fmt: skip


def _broken(days: Sequence[date], values: NDArray[np.float64]) -> list[float | None]:
    """Return a line's values with a break before each night that follows a gap."""
    found = _plain(values)
    for at in range(1, len(days)):
        if (days[at] - days[at - 1]).days > GAP_DAYS:
            found[at - 1] = None
    return found


def _gaps(days: Sequence[date]) -> list[tuple[date, date]]:
    """Return the first and the last missing day of each stretch without nights."""
    one = timedelta(days=1)
    return [(a + one, b - one) for a, b in pairwise(days) if (b - a).days > GAP_DAYS]


def _gap(first: date, last: date) -> dict[str, Any]:
    x0 = f"{(first - timedelta(days=1)).isoformat()} 12:00"
    return {"type": "rect", "x0": x0, "x1": f"{last.isoformat()} 12:00", "y0": 0, "y1": 1, "yref": "paper", "layer": "below",
            "line": {"width": 0}, "fillcolor": var("level-none", 0.12)}  # fmt: skip


def _hatch(day: date) -> dict[str, Any]:
    """Return the stripe of a day of which nothing is known."""
    y0, y1 = f"{(day - timedelta(days=1)).isoformat()} 12:00", f"{day.isoformat()} 12:00"
    return {
        "type": "rect",
        "x0": 0,
        "x1": 24,
        "y0": y0,
        "y1": y1,
        "line": {"width": 0},
        "fillcolor": var("level-none", 0.14),
        "layer": "below",
    }


def _rule(day: date) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": day.isoformat(),
        "x1": day.isoformat(),
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": var("text"), "width": 1, "dash": "dot"},
    }


def _flag(mark: Mark) -> dict[str, Any]:
    return {
        "x": mark.day.isoformat(), "y": 1, "yref": "paper", "yanchor": "bottom", "text": mark.label, "showarrow": False,
        "font": {"size": 12, "color": var("muted")},
    }  # fmt: skip


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [round(float(value), 3) if np.isfinite(value) else None for value in values]
