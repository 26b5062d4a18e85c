"""What a person says about the files: zone, beginning, which nights."""

from collections.abc import Sequence
from datetime import date

import dash_bootstrap_components as dbc
from dash import html

from components import ids
from components.words import day
from somnia_engine.text import t

NIGHTS_AT_ONCE = 14
"""How many nights are ticked from the start, the newest: what a detector of habits needs."""


def zone_field(zones: Sequence[str], chosen: str | None, *, hidden: bool) -> html.Label:
    """Return the choice of a time zone."""
    select = dbc.Select(id=ids.ZONE, options=[{"label": z.replace("_", " "), "value": z} for z in zones], value=chosen)
    return html.Label([html.Span(t("Time zone of the night")), select], className="field", hidden=hidden)


def start_field(chosen: str | None, *, hidden: bool) -> html.Label:
    """Return the field for the moment at which a file without a clock began."""
    field = dbc.Input(id=ids.START, type="datetime-local", value=chosen or "", debounce=True)
    return html.Label([html.Span(t("When the recording began")), field], className="field", hidden=hidden)


def night_field(nights: Sequence[date], *, hidden: bool) -> html.Fieldset:
    """Return the choice of nights, newest first."""
    newest = sorted(nights, reverse=True)
    options = [{"label": day(night, year=True), "value": night.isoformat()} for night in newest]
    ticked = [night.isoformat() for night in newest[:NIGHTS_AT_ONCE]]
    boxes = dbc.Checklist(id=ids.NIGHTS, options=options, value=ticked, className="night-boxes")
    return html.Fieldset([html.Legend(t("Which nights")), boxes], className="field", hidden=hidden)
