"""The nights of a person: a month of small ribbons, a list, a week strip."""

import calendar
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import numpy as np
from dash import dcc, html
from numpy.typing import NDArray

from components import words
from components.figures.clock import Clock
from components.findings import ORDER, level_badge
from components.ribbon import stage_ribbon
from components.states import action, notice
from components.theme import LEVEL_SHAPES, LEVEL_TOKENS
from somnia_engine.text import Text, t
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import SleepStatistics


class NightRow(Protocol):
    """A night as the store lists it."""

    id: str
    night: date
    start: datetime | None
    zone: str | None
    statistics: SleepStatistics
    findings: tuple[Finding, ...]
    stages: NDArray[np.int8]
    demo: bool


def nights_view(nights: Sequence[NightRow], names: dict[str, Text]) -> html.Div | html.Section:
    """Return the calendar of each month that has nights, the newest first, and the list beside it."""
    if not nights:
        return notice(
            t("No nights yet"),
            t("Bring the files of a night, or take a demo night, and it appears here."),
            action(t("Upload a night"), "/upload"),
            icon_name="calendar-days",
        )
    months = sorted({(n.night.year, n.night.month) for n in nights}, reverse=True)
    calendars = html.Div([_month(year, month, nights) for year, month in months], className="calendars")
    rows = html.Div([night_row(n, names) for n in nights], className="night-list")
    return html.Div([html.H1(t("Nights")), html.Div([calendars, rows], className="nights-grid")], className="stack")


def night_row(night: NightRow, names: dict[str, Text]) -> dcc.Link:
    """Return one night as a row: date, span, ribbon, two numbers, what needs attention."""
    s = night.statistics
    numbers = [
        html.Span([html.Strong(words.minutes(s.tst_min)), html.Small(t("asleep"))]),
        html.Span([html.Strong(words.percent(s.se_pct)), html.Small(t("efficiency"))]),
    ]
    head = [html.Span(words.day(night.night, year=True), className="row-date"), html.Small(span_of(night), className="muted numeric")]
    if night.demo:
        head.append(html.Small(t("demo"), className="chip chip-demo"))
    parts = [
        html.Div(head, className="row-head"),
        ribbon_of(night, height=24),
        html.Div(numbers, className="row-numbers numeric"),
        html.Div(flags(night.findings, names), className="row-flags"),
    ]
    return dcc.Link(parts, href=f"/night/{night.id}", className="night-row")


def week_strip(nights: Sequence[NightRow], last: date) -> html.Div:
    """Return the seven days up to `last`, a ribbon where there is a night."""
    known = {n.night: n for n in reversed(nights)}
    return html.Div([_day(last - timedelta(days=back), known, class_name="week-day") for back in range(6, -1, -1)], className="week")


def flags(findings: tuple[Finding, ...], names: dict[str, Text]) -> list[Any]:
    """Return the findings with signs, the strongest first, as name and level."""
    shown = sorted((f for f in findings if f.level in (Level.MODERATE, Level.HIGH)), key=lambda f: ORDER.index(f.level))
    return [html.Span([html.Span(t(names.get(f.disorder, Text(f.disorder)))), level_badge(f.level)], className="flag") for f in shown]


def span_of(night: NightRow) -> str:
    """Return "23:12 – 07:04"; empty when nobody knows when the night began."""
    if night.start is None:
        return ""
    clock = Clock(night.start, night.zone)
    return f"{clock.label(0)} – {clock.label(len(night.stages) * 30)}" if len(night.stages) else clock.label(0)


def ribbon_of(night: NightRow, *, height: int) -> Any:
    """Return the ribbon of a night, or a hatched line where it has no stages."""
    if not len(night.stages):
        return html.Div(t("no stages"), className="ribbon-none")
    said = t("Stages of {day}: {asleep} asleep", day=words.day(night.night), asleep=words.minutes(night.statistics.tst_min))
    return stage_ribbon(night.stages.tolist(), label=said, height=height)


def _month(year: int, month: int, nights: Sequence[NightRow]) -> html.Section:
    known = {n.night: n for n in reversed(nights)}
    heads = [html.Span(t(day), className="day-name") for day in words.WEEKDAYS]
    weeks = calendar.Calendar().monthdatescalendar(year, month)
    days = [_day(d, known) if d.month == month else html.Span(className="day-none") for week in weeks for d in week]
    return html.Section(
        [html.H2(words.month(date(year, month, 1))), html.Div([*heads, *days], className="calendar")], className="card-plain"
    )


def _day(day: date, known: dict[date, NightRow], *, class_name: str = "day") -> Any:
    label = words.day(day).split(" ")[0] if class_name == "week-day" else ""
    head = html.Span([html.Small(label, className="muted"), html.Span(str(day.day))] if label else str(day.day), className="day-head")
    night = known.get(day)
    if night is None:
        return html.Div([head, html.Div(className="day-empty")], className=class_name)
    worst = min((f.level for f in night.findings), key=ORDER.index, default=Level.NOT_ASSESSED)
    mark = (
        html.Span(LEVEL_SHAPES[worst], className=f"level-shape {LEVEL_TOKENS[worst]}", **{"aria-hidden": "true"})
        if worst in (Level.HIGH, Level.MODERATE)
        else None
    )
    foot = html.Small([words.minutes(night.statistics.tst_min), mark], className="day-foot numeric")
    return dcc.Link([head, ribbon_of(night, height=16), foot], href=f"/night/{night.id}", className=f"{class_name} day-known")
