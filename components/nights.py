"""The nights of a person: a month of small ribbons, and the list."""

import calendar
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, Protocol

import numpy as np
from dash import dcc, html
from numpy.typing import NDArray

from components import words
from components.findings import level_badge
from components.ribbon import stage_ribbon
from components.score import score_chip
from components.states import action, notice
from somnia_engine.text import t
from somnia_engine.types.findings import Finding, Level
from somnia_engine.types.night import SleepStatistics
from somnia_engine.types.score import SleepScore


class Night(Protocol):
    """A night as a list shows it; `stages` (n,) int8."""

    id: str
    night: date
    start: datetime | None
    zone: str | None
    statistics: SleepStatistics
    findings: tuple[Finding, ...]
    stages: NDArray[np.int8]
    demo: bool
    score: SleepScore | None

    @property
    def damaged(self) -> bool: ...


def nothing_yet() -> html.Section:
    """Return the page of somebody who has no night here."""
    cause = t("Nights that you upload are kept here for a while: each as a ribbon, by month.")
    return notice(t("No nights yet"), cause, action(t("Upload a night"), "/upload"), icon_name="calendar-days")


def night_pages(nights: Sequence[Night]) -> html.Div:
    """Return months of ribbons, newest first, each with its list."""
    months = [(first, list(group)) for first, group in groupby(nights, key=lambda night: night.night.replace(day=1))]
    return html.Div([html.H1(t("Nights")), *(_month(first, group) for first, group in months)], className="stack")


def ribbon_of(night: Night, *, height: int = 28) -> Any:
    """Return the ribbon of a night; a hatched strip where it has no stages."""
    if not night.stages.size:
        return html.Span(className="week-gap", title=t("Damaged entry") if night.damaged else t("No sleep stages"))
    said = t("Sleep stages of {day}: {length} asleep", day=words.day(night.night), length=words.minutes(night.statistics.tst_min))
    return stage_ribbon([int(stage) for stage in night.stages], label=said, height=height)


def flag(night: Night) -> list[Any]:
    """Return the strongest sign that needs attention, by shape and word; nothing when there is none."""
    worst = [level for level in (Level.HIGH, Level.MODERATE) if any(finding.level is level for finding in night.findings)][:1]
    return [html.Span(level_badge(level), className="flag") for level in worst]


def _month(first: date, nights: Sequence[Night]) -> html.Section:
    newest: dict[date, Night] = {}
    for night in nights:
        newest.setdefault(night.night, night)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    heads = [html.Span(t(name), className="muted small") for name in words.WEEKDAYS]
    days = [_day(at, newest.get(at), inside=at.month == first.month) for week in weeks for at in week]
    month = html.Div([*heads, *days], className="month")
    rows = html.Div([_row(night) for night in nights], className="night-list")
    return html.Section([html.H2(words.month(first)), html.Div(month, className="card-plain month-card"), rows], className="stack-small")


def _day(at: date, night: Night | None, *, inside: bool) -> Any:
    number = html.Span(str(at.day), className="muted small numeric")
    if not inside:
        return html.Span(className="month-day month-day-outside")
    if night is None:
        return html.Span(number, className="month-day")
    return dcc.Link(
        [number, ribbon_of(night, height=24)], href=f"/night/{night.id}", className="month-day month-day-night", title=words.day(at)
    )


def _row(night: Night) -> dcc.Link:
    found = night.statistics
    span = ""
    if night.start is not None:
        end = night.start.astimezone(UTC) + timedelta(seconds=30 * int(night.stages.size))
        span = f"{words.clock(night.start, night.zone)} – {words.clock(end, night.zone)}"
    demo = [html.Span(t("demo"), className="tag")] if night.demo else []
    demo += [html.Span(t("Damaged entry"), className="tag")] if night.damaged else []
    name = html.Div(
        [html.Span([html.Strong(words.day(night.night)), *demo], className="night-day"), html.Span(span, className="muted small numeric")]
    )
    asleep = html.Div(
        [html.Span(words.minutes(found.tst_min), className="numeric"), html.Span(t("asleep"), className="muted small")],
        className="night-number",
    )
    efficiency = html.Div(
        [html.Span(words.percent(found.se_pct), className="numeric"), html.Span(t("efficiency"), className="muted small")],
        className="night-number",
    )
    inside = [
        name,
        html.Div(ribbon_of(night), className="night-ribbon"),
        asleep,
        efficiency,
        html.Div(score_chip(night.score), className="night-score"),
        html.Div(flag(night), className="night-flags"),
    ]
    return dcc.Link(inside, href=f"/night/{night.id}", className="night-row")
