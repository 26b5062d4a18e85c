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

TYPED_MS = 700
"""A moment that was typed is taken after so long: a person need not leave the field, where a disabled button waits for it."""


def zone_field(zones: Sequence[str], here: str, *, hidden: bool) -> html.Label:
    """Return the choice of a time zone; unsaid, it is what the files say, else the browser's."""
    options = [{"label": zone.replace("_", " "), "value": zone} for zone in zones]
    select = dbc.Select(id=ids.ZONE, options=options, value="", placeholder=t("As the files say, else {zone}", zone=here))
    return html.Label([html.Span(t("Time zone of the night")), select], id=ids.ZONE_FIELD, className="field", hidden=hidden)


def start_field(*, hidden: bool) -> html.Label:
    """Return the field for the moment at which a file without a clock began."""
    field = dbc.Input(id=ids.START, type="datetime-local", value="", debounce=TYPED_MS)
    return html.Label([html.Span(t("When the recording began")), field], id=ids.START_FIELD, className="field", hidden=hidden)


def night_field(nights: Sequence[date], *, hidden: bool) -> html.Fieldset:
    """Return the choice of nights, newest first."""
    newest = sorted(nights, reverse=True)
    options = [{"label": day(night, year=True), "value": night.isoformat()} for night in newest]
    ticked = [night.isoformat() for night in newest[:NIGHTS_AT_ONCE]]
    boxes = dbc.Checklist(id=ids.NIGHTS, options=options, value=ticked, className="night-boxes")
    return html.Fieldset([html.Legend(t("Which nights")), boxes], className="field", hidden=hidden)
