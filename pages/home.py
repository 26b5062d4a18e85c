"""Home: last night, or what SOMNIA is."""

import dash
from dash import html

from components import home
from somnia_engine.detectors import detectors
from somnia_engine.synthetic import DEMOS, truth
from somnia_server.access import owner_now
from somnia_server.store.nights import list_nights

dash.register_page(__name__, path="/", title="SOMNIA")


def layout(**_: str) -> html.Div:
    """Return the page."""
    nights = list_nights(owner_now())
    if not nights:
        return home.welcome(DEMOS, [truth(demo.key)[-1].stages.tolist() for demo in DEMOS])
    return home.tonight(nights, {detector.key: detector.name for detector in detectors()})
