"""Disorders: what the nights show of each."""

import dash
from dash import html

from components import disorders
from pages._judged import judged
from somnia_engine import catalogue
from somnia_engine.detectors import detectors
from somnia_server.access import actor_now
from somnia_server.access.rules import KEEPERS

dash.register_page(__name__, path="/disorders", title="SOMNIA", roles=KEEPERS)


def layout(**_: str) -> html.Div:
    """Return the page."""
    seen, demo = judged(actor_now())
    names = {detector.key: detector.name for detector in detectors()}
    return disorders.disorder_list(names, seen, catalogue.disorders(), demo=demo)
