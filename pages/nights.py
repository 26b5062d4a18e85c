"""Nights: all that are kept, by month."""

import dash
from dash import html

from components import nights
from somnia_server.access import actor_now
from somnia_server.access.rules import KEEPERS
from somnia_server.store.nights import list_nights

dash.register_page(__name__, path="/nights", title="SOMNIA", roles=KEEPERS)


def layout(**_: str) -> html.Div:
    """Return the page."""
    found = list_nights(actor_now())
    return nights.night_pages(found) if found else nights.nothing_yet()
