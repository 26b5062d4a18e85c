"""All nights."""

import dash
from dash import html

from components.nights import nights_view
from somnia_engine.detectors import detectors
from somnia_server.access import owner_now
from somnia_server.store.nights import list_nights

dash.register_page(__name__, path="/nights", title="SOMNIA")


def layout(**_: str) -> html.Div | html.Section:
    """Return the page."""
    return nights_view(list_nights(owner_now()), {detector.key: detector.name for detector in detectors()})
