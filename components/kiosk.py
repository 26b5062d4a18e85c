"""What a clinic's display shows: beds with an alias, the last night's ribbon, three numbers, and how old all that is."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from components.ribbon import stage_ribbon
from components.words import day, minutes
from somnia_engine.text import t

BOARD = "kiosk-board"
TICK = "kiosk-tick"
EVERY_MS = 60_000


def screen(beds: Sequence[Any]) -> html.Div:
    """Return the display's page; it asks again every minute."""
    return html.Div([html.Div(board(beds), id=BOARD, className="beds"), dcc.Interval(id=TICK, interval=EVERY_MS)], className="kiosk")


def board(beds: Sequence[Any]) -> list[html.Section]:
    """Return the beds as they stand now."""
    if not beds:
        return [html.Section(html.P(t("No patient is on this display. A doctor adds them under Patients.")), className="bed")]
    return [_bed(bed) for bed in beds]


def _bed(bed: Any) -> html.Section:
    if bed.dark:
        return html.Section([html.H2("—"), html.P(t("Not shared now."))], className="bed bed-dark")
    if bed.damaged:
        return html.Section([html.H2(bed.alias), html.P(t("Damaged entry"))], className="bed")
    ribbon = [stage_ribbon(list(bed.stages), label=t("Sleep stages of the last night"), height=64)] if bed.stages else []
    numbers = [
        html.Span(said)
        for said in (
            t("{length} asleep", length=minutes(bed.tst_min)) if bed.tst_min is not None else "",
            t("{n} % efficiency", n=round(bed.se_pct)) if bed.se_pct is not None else "",
            t("{length} awake", length=minutes(bed.waso_min)) if bed.waso_min is not None else "",
        )
        if said
    ]
    when = day(bed.night) if bed.night else ""
    age = t("{n} h ago", n=round(bed.age_h)) if bed.age_h is not None else ""
    return html.Section(
        [
            html.H2(bed.alias),
            *ribbon,
            html.P(numbers, className="bed-numbers"),
            html.P(" · ".join(filter(None, (when, age))), className="muted"),
        ],
        className="bed",
    )
