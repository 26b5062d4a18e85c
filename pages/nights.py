"""Nights."""

import dash
from dash import html

from somnia_engine.text import t

dash.register_page(__name__, path="/nights", title="SOMNIA")


def layout(**_: str) -> html.Div:
    """Return the page."""
    return html.Div(html.H1(t("Nights")))
