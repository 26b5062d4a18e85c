"""What a clinic's display shows: three beds a view, each with an alias, the last night's ribbon, its score and how old all that is."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import dcc, html

from components.clinic_notes import note_lines
from components.ribbon import stage_ribbon
from components.words import day, minutes
from somnia_engine.text import t

BOARD = "kiosk-board"
NOTES = "kiosk-notes"
TICK = "kiosk-tick"
EVERY_MS = 60_000


def screen(beds: Sequence[Any], now: datetime, *, notes: Sequence[Any] = ()) -> html.Div:
    """Return the display's page; it asks again every minute, and `assets/kiosk.js` turns it, dims it and waits for a lost server."""
    away = html.P([t("No connection since"), " ", html.Span(className="kiosk-since")], className="kiosk-away", hidden=True, role="status")
    head = html.Header([html.Span(className="kiosk-clock"), away, html.Span(className="kiosk-turn muted")], className="kiosk-head")
    ward = html.Div(board(beds, now), id=BOARD, className="beds")
    said = html.Div(note_lines(notes), id=NOTES, className="kiosk-notes")
    return html.Div([html.H1(t("Last night, bed by bed"), className="visually-hidden"), head, said, ward, _tick()], className="kiosk")


def _tick() -> dcc.Interval:
    return dcc.Interval(id=TICK, interval=EVERY_MS)


def board(beds: Sequence[Any], now: datetime) -> list[html.Section]:
    """Return the beds as they stand now."""
    if not beds:
        return [html.Section(html.P(t("No patient is on this display. A doctor adds them under Patients.")), className="bed")]
    return [_bed(bed, now) for bed in beds]


def _bed(bed: Any, now: datetime) -> html.Section:
    if bed.dark:
        return html.Section([html.H2("—"), html.P(t("Not shared now."))], className="bed bed-dark")
    if bed.damaged:
        return html.Section([html.H2(bed.alias), html.P(t("Damaged entry"))], className="bed")
    gone = html.P(t("Unavailable: no data of the last night."), className="bed-gone")
    stale = bed.stale_at is not None and bed.stale_at <= now
    shown = [gone] if stale else [_night(bed), *_score(bed), gone]
    until = {} if bed.stale_at is None else {"data-stale-at": str(round(bed.stale_at.timestamp() * 1000))}
    return html.Section(
        [html.H2(bed.alias), *shown, html.Div([*_live(bed), html.P(_when(bed), className="muted")], className="bed-when")],
        className="bed bed-stale" if stale else "bed",
        **until,
    )


def _night(bed: Any) -> html.Div:
    label = t("Sleep stages of the last night")
    ribbon = [stage_ribbon(list(bed.stages), label=label, height=120, class_name="ribbon bed-ribbon", dark=True)] if bed.stages else []
    said = (
        t("{length} asleep", length=minutes(bed.tst_min)) if bed.tst_min is not None else "",
        t("{n} % efficiency", n=round(bed.se_pct)) if bed.se_pct is not None else "",
        t("{length} awake", length=minutes(bed.waso_min)) if bed.waso_min is not None else "",
    )
    numbers = [html.Span(one) for one in said if one] or [html.Span(t("Sleep stages were not found."))]
    return html.Div([*ribbon, html.P(numbers, className="bed-numbers")], className="bed-night")


def _score(bed: Any) -> list[html.P]:
    if bed.score is None:
        return []
    points = html.Span(str(round(bed.score)), className="bed-points")
    return [html.P([points, " ", html.Span(t("of 100"), className="muted")], className="bed-score")]


def _live(bed: Any) -> list[html.P]:
    """Return what comes in or is analyzed at this moment; the display's script writes the time as its own clock says it."""
    if bed.arriving_at is not None:
        since = {"data-at": str(round(bed.arriving_at.timestamp() * 1000))}
        return [html.P([t("Data arriving since"), " ", html.Span(className="bed-since", **since)], className="bed-live")]
    return [html.P(t("Analyzing now"), className="bed-live")] if bed.analyzing else []


def _when(bed: Any) -> str:
    """Return which night it is and how old its data are."""
    when = day(bed.night) if bed.night else ""
    if bed.age_h is None or not math.isfinite(bed.age_h):
        return when
    age = t("{n} h ago", n=round(bed.age_h)) if bed.age_h < 48 else t("{n} days ago", n=round(bed.age_h / 24))
    return " · ".join(filter(None, (when, age)))
