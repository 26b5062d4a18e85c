"""One disorder: what it is, and what the nights show of it."""

import dash
from dash import html

from components import disorders, states
from pages._judged import judged
from somnia_engine import catalogue
from somnia_engine.detectors import detectors
from somnia_server.access import actor_now
from somnia_server.access.rules import KEEPERS

dash.register_page(__name__, path_template="/disorders/<key>", title="SOMNIA", roles=KEEPERS)


def layout(key: str = "", **_: str) -> html.Div | html.Section:
    """Return the page; there is none of an unknown disorder."""
    entry = catalogue.disorder(key)
    name = next((detector.name for detector in detectors() if detector.key == key), None)
    if entry is None or name is None:
        return states.not_found()
    seen, demo = judged(actor_now())
    return disorders.disorder_page(disorders.DisorderView(name, entry, tuple(seen.get(key, ())), demo))
