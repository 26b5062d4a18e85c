"""What the trends pages ask of the store and the engine, made ready to show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from components import regular, trends
from components.figures.trend import Mark
from components.trends import METRICS, PICKED, TrendView
from somnia_engine.metrics.associations import associations
from somnia_engine.metrics.baseline import Baseline, baseline, running_median
from somnia_engine.metrics.regularity import clock_days
from somnia_engine.metrics.trend import by_weekday, column, main_nights, regularity
from somnia_engine.resources import load_table
from somnia_engine.text import t
from somnia_engine.types.trend import TrendNight
from somnia_server.store import persons
from somnia_server.store.actors import Actor
from somnia_server.store.remarks import list_remarks
from somnia_server.store.trends import load_trend, newest_analyses

ACTOGRAM_DAYS = 182
"""The actogram draws at most half a year: more rows than that say nothing."""
LABEL_CHARS = 24


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """A person's history: all recordings, and one night a day."""

    every: tuple[TrendNight, ...]
    main: tuple[TrendNight, ...]
    demo: bool


def past(actor: Actor, subject: str | None = None) -> Past:
    """Return a person's history: their own nights, or the demo's where there are no others."""
    found = newest_analyses(load_trend(actor, subject))
    own = tuple(night for night in found if not night.demo)
    every = own or found
    return Past(every, main_nights(every), bool(every) and not own)


def metrics(history: Past) -> list[str]:
    """Return what was measured at least once, the usual first."""
    ordered = [*PICKED, *(key for key in METRICS if key not in PICKED)]
    return [key for key in ordered if np.isfinite(column(history.main, key)).any()] or ["tst_min"]


def shown(actor: Actor, history: Past, *, metric: Any, span: Any, subject: str | None = None) -> tuple[list[Any], list[dict[str, Any]]]:
    """Return the body of the page and its figures for a number and a span of days."""
    view = _view(actor, history, metric=metric if metric in METRICS else metrics(history)[0], span=span, subject=subject)
    told = regular.regularity_card(regularity(history.every))
    goes = regular.goes_with(_associations(history, view), least=load_table("associations")["least_with"])
    return trends.trend_body(view, [told, goes]), trends.figures(view)


def _view(actor: Actor, history: Past, *, metric: str, span: Any, subject: str | None) -> TrendView:
    values = column(history.main, metric)
    day = np.array([night.night.toordinal() for night in history.main], np.int64)
    band, median = baseline(values), running_median(day, values)
    last = history.main[-1].night
    length = span if isinstance(span, int) and not isinstance(span, bool) and span > 0 else (last - history.main[0].night).days + 1
    first = last - timedelta(days=length - 1)
    keep = day >= first.toordinal()
    nights = tuple(night for night in history.main if night.night >= first)
    recent = max(first, last - timedelta(days=ACTOGRAM_DAYS - 1))
    return TrendView(
        metric=metric,
        nights=nights,
        values=values[keep],
        band=Baseline(band.middle[keep], band.low[keep], band.high[keep]),
        median=median[keep],
        days=clock_days(night.sleep for night in history.every if night.sleep is not None and night.night >= recent),
        tags={one.night: one.remark.tags for one in list_remarks(actor, subject)},
        marks=marks(actor, subject, first, last) if not history.demo else (),
        weekdays=by_weekday(nights, values[keep]),
    )


def marks(actor: Actor, subject: str | None, first: date, last: date) -> tuple[Mark, ...]:
    """Return where a therapy or a medication began or ended, from the medical history."""
    found: list[Mark] = []
    for entry in persons.load_history(actor, subject).entries:
        if entry.kind == "diagnosis":
            continue
        name = entry.text[:LABEL_CHARS].replace("<", "‹")
        found += [Mark(entry.begins, name)] if entry.begins else []
        found += [Mark(entry.ends, t("end of {what}", what=name))] if entry.ends else []
    return tuple(mark for mark in found if first <= mark.day <= last)


def _associations(history: Past, view: TrendView) -> Sequence[Any]:
    table = load_table("associations")
    tags = [frozenset(view.tags.get(night.night, ())) for night in history.main]
    outcomes = {key: column(history.main, key) for key in table["outcomes"]}
    rooms = {key: column(history.main, key) for key in table["rooms"]}
    return associations(outcomes, tags=tags, rooms=rooms)


def subject_of(address: Any) -> str | None:
    """Return whose nights an address shows: a patient's, or None for one's own; the store asks whether they may be seen."""
    parts = str(address or "").strip("/").split("/")
    return parts[1] if len(parts) == 2 and parts[0] in ("trends", "compare") else None
