"""The trends page: a number over weeks to years, the calendar, the actogram, the week, regularity, what goes with bad nights."""

import calendar
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from numpy.typing import NDArray

from components import choices, ids, words
from components.figures.trend import Course, Mark, actogram_figure, trend_figure, weekday_figure
from components.numbers import NUMBERS, said
from components.remarks import tag_name
from components.states import action, notice
from somnia_engine.metrics.baseline import LEAST_NIGHTS, Baseline
from somnia_engine.metrics.regularity import Days
from somnia_engine.text import Text, t
from somnia_engine.types.trend import TREND_KEYS, TrendNight

GRAPH = {"displayModeBar": False, "responsive": True, "doubleClick": False, "showTips": False}
_FORMS = {number.key: (number.label, number.form) for number in NUMBERS}
METRICS: dict[str, tuple[Text, str]] = {
    "score": (Text("Sleep score"), "count"),
    "bedtime_h": (Text("Bedtime"), "clock"),
    "midsleep_h": (Text("Middle of sleep"), "clock"),
    **{key: _FORMS[key] for key in TREND_KEYS if key in _FORMS},
}
"""What can be followed over time: what it is called and how its number is said."""
PICKED = (
    "score",
    "tst_min",
    "se_pct",
    "sol_min",
    "waso_min",
    "bedtime_h",
    "midsleep_h",
    "n3_min",
    "rem_min",
    "hr_mean_bpm",
    "rmssd_ms",
    "odi3_per_h",
    "snore_min",
)
"""The chips that stand first; the others follow when they were measured."""
SPANS: tuple[tuple[int, Text], ...] = ((42, Text("6 weeks")), (182, Text("6 months")), (365, Text("1 year")), (0, Text("all")))
HEAT_STEPS = 5


@dataclass(frozen=True, slots=True, eq=False)
class TrendView:
    """What the page shows of one number: nights in order of time with its values, its band and median, and what stands beside."""

    metric: str
    nights: tuple[TrendNight, ...]
    values: NDArray[np.float64]
    band: Baseline
    median: NDArray[np.float64]
    days: Days
    tags: Mapping[date, tuple[str, ...]]
    marks: tuple[Mark, ...]
    weekdays: Sequence[NDArray[np.float64]]


def register_callbacks(app: Dash) -> None:
    """Dress the figures in the theme's colors in the browser."""
    app.clientside_callback(
        ClientsideFunction("somnia_trends", "dress"),
        *(Output(graph, "figure") for graph in (ids.TRENDS_CHART, ids.TRENDS_ACTOGRAM, ids.TRENDS_WEEKDAYS)),
        Input(ids.TRENDS_FIGURES, "data"),
        Input(ids.TRENDS_THEME, "data"),
    )


def nothing_yet(*, demo: bool) -> html.Section:
    """Return the page of somebody without nights; `demo` offers the made-up history."""
    cause = t(
        "A trend begins with the second night, and your own range is known after seven. Until then you can look at a made-up history."
    )
    offer = [html.Button(t("Show a demo history of 60 nights"), id=ids.TRENDS_DEMO, className="button button-primary")] if demo else []
    return notice(t("No trends yet"), cause, *offer, action(t("Upload a night"), "/upload", primary=not demo), icon_name="trending-up")


def trends_page(metrics: Sequence[str], *, demo: bool, forget: bool, compare: str) -> html.Div:
    """Return the page: the choice of a number and a span, and the body that follows them; `compare` is where nights are compared."""
    numbers, spans = {key: t(METRICS[key][0]) for key in metrics}, {days: t(name) for days, name in SPANS}
    chips = choices.one_of(ids.TRENDS_METRIC, numbers, value=metrics[0], label=t("Which number"), class_name="metric-chips")
    span = choices.one_of(ids.TRENDS_SPAN, spans, value=SPANS[1][0], label=t("How long back"))
    marks = [html.Span(t("demo data: nobody slept these nights"), className="chip chip-demo")] if demo else []
    marks += [html.Button(t("Remove the demo history"), id=ids.TRENDS_FORGET, className="button button-quiet")] if forget else []
    head = html.Div(
        [html.H1(t("Trends")), html.Div([*marks, span, action(t("Compare nights"), compare, primary=False)], className="actions")],
        className="trends-bar",
    )
    stores = [dcc.Store(id=ids.TRENDS_FIGURES), dcc.Store(id=ids.TRENDS_THEME)]
    return html.Div([head, chips, html.Div(id=ids.TRENDS_BODY, className="stack"), *stores], className="stack trends")


def trend_body(view: TrendView, beside: Sequence[Any]) -> list[Any]:
    """Return what follows the choice: the big chart, calendar and week, the actogram, and what stands beside it."""
    chart = html.Section([_head(view), _graph(ids.TRENDS_CHART, _sentence(view)), _key()], className="card-plain stack-small")
    week = html.Section(
        [html.H2(t("By day of the week")), _graph(ids.TRENDS_WEEKDAYS, t("The nights of each weekday"))], className="card-plain stack-small"
    )
    acts = html.Section(
        [html.H2(t("Asleep, day by day")), html.P(t("Each row is two days, from noon to noon to noon; grey: nothing was recorded."), className="muted small"),  # noqa: E501
         html.Div(_graph(ids.TRENDS_ACTOGRAM, t("When you slept, day by day")), className="scroll-tall")], className="card-plain stack-small"  # noqa: E501
    )  # fmt: skip
    return [
        chart,
        html.Div([_heat(view), week], className="trends-two"),
        html.Div([acts, html.Div(beside, className="stack")], className="trends-two"),
    ]


def figures(view: TrendView) -> list[dict[str, Any]]:
    """Return the figures in the order of the graphs: the course, the actogram, the week."""
    label, form = METRICS[view.metric]
    ticks = _clock_ticks(view.values) if form == "clock" else None
    tagged = tuple(night.night for night in view.nights if view.tags.get(night.night))
    course = Course(
        days=tuple(night.night for night in view.nights),
        values=view.values,
        band=view.band,
        median=view.median,
        said=tuple(_point(view, at) for at in range(len(view.nights))),
        token="accent",
        title=t(label),
        tagged=tagged,
        marks=view.marks,
        ticks=ticks,
    )
    return [trend_figure(course), actogram_figure(view.days), weekday_figure(view.weekdays, token="accent", ticks=ticks)]


def value_said(key: str, value: float) -> str:
    """Return a number of a trend as people read it."""
    form = METRICS[key][1]
    if form != "clock":
        return said(value, form)
    if math.isnan(value):
        return words.NOTHING
    whole = round(((value + 12.0) % 24.0) * 60) % 1440
    return f"{whole // 60:02d}:{whole % 60:02d}"


def _head(view: TrendView) -> html.Div:
    return html.Div([html.H2(t(METRICS[view.metric][0])), html.P(_sentence(view), className="muted")], className="trend-head")


def _sentence(view: TrendView) -> str:
    known = np.flatnonzero(np.isfinite(view.values))
    if not len(known):
        return t("This was not measured in these nights.")
    last, first = view.nights[-1].night, view.nights[0].night
    days = (last - first).days + 1
    counted = t("{n} nights in {days} days.", n=len(known), days=days)
    if not np.isfinite(view.band.low).any():
        return f"{counted} " + t("Calibrating: your own range is known after {n} valid nights.", n=LEAST_NIGHTS)
    low, high = view.band.low[-1], view.band.high[-1]
    usual = t("Usual for you now: {low} to {high}.", low=value_said(view.metric, low), high=value_said(view.metric, high))
    return f"{counted} {usual}"


def _point(view: TrendView, at: int) -> str:
    night = view.nights[at]
    tags = ", ".join(map(tag_name, view.tags.get(night.night, ()))).replace("<", "‹")
    line = f"{words.day(night.night, year=True)}<br>{value_said(view.metric, view.values[at])}"
    return f"{line}<br>{tags}" if tags else line


def _graph(name: str, label: str) -> html.Div:
    graph = dcc.Graph(id=name, config=GRAPH, responsive="auto")
    return html.Div(graph, className="chart", role="img", **{"aria-label": label})


def _key() -> html.Div:
    parts = (
        ("key-dot", t("each night")),
        ("key-line", t("median of 14 days")),
        ("key-band", t("your own band: the middle four fifths of the 28 nights before")),
        ("key-gap", t("no nights recorded")),
    )
    tags = html.Span(["▲ ", t("a night with tags")])
    return html.Div([*(html.Span([html.I(className=look), name]) for look, name in parts), tags], className="trend-key")


def _heat(view: TrendView) -> html.Section:
    months = [
        (first, list(group)) for first, group in groupby(range(len(view.nights)), key=lambda at: view.nights[at].night.replace(day=1))
    ]
    step = _steps(view.values)
    tables = [_heat_month(first, view, members=group, step=step) for first, group in months]
    known = view.values[np.isfinite(view.values)]
    scale: list[Any] = []
    if len(known):
        scale = [
            value_said(view.metric, float(known.min())),
            *(html.I(className=f"heat-{level}") for level in range(1, HEAT_STEPS + 1)),
            value_said(view.metric, float(known.max())),
        ]
    return html.Section(
        [
            html.H2(t("Calendar")),
            html.Div(html.Div(tables, className="heat"), className="scroll-tall"),
            html.Div(scale, className="heat-scale numeric"),
        ],
        className="card-plain stack-small",
    )


def _heat_month(first: date, view: TrendView, *, members: Sequence[int], step: Callable[[float], int]) -> html.Div:
    by_day = {view.nights[at].night: at for at in members}
    cells: list[Any] = []
    for at in (day for week in calendar.Calendar().monthdatescalendar(first.year, first.month) for day in week):
        if at.month != first.month:
            cells.append(html.Span(className="heat-outside"))
        elif at not in by_day or math.isnan(view.values[by_day[at]]):
            cells.append(html.Span(className="heat-day heat-none", title=words.day(at)))
        else:
            value = float(view.values[by_day[at]])
            title = f"{words.day(at)}: {value_said(view.metric, value)}"
            cells.append(dcc.Link("", href=f"/night/{view.nights[by_day[at]].id}", className=f"heat-day heat-{step(value)}", title=title))
    return html.Div(
        [html.Span(words.month(first), className="small muted"), html.Div(cells, className="heat-grid")], className="heat-month"
    )


def _steps(values: NDArray[np.float64]) -> Callable[[float], int]:
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return lambda value: 1 + min(HEAT_STEPS - 1, int(HEAT_STEPS * (value - low) / (high - low))) if high > low else HEAT_STEPS


def _clock_ticks(values: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[str, ...]]:
    known = values[np.isfinite(values)]
    low, high = (math.floor(known.min()), math.ceil(known.max())) if len(known) else (0, 24)
    step = 1 if high - low <= 8 else 3
    places = tuple(float(hour) for hour in range(low, high + 1, step))
    return places, tuple(f"{int(place + 12) % 24:02d}:00" for place in places)
