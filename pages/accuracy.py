"""How accurate the judgements are: open to everybody."""

import dash
from dash import html

from components import accuracy, fields
from somnia_engine.evaluation import cards, stored
from somnia_engine.text import t
from somnia_server.access.rules import EVERYBODY

dash.register_page(__name__, path="/accuracy", title="SOMNIA", roles=EVERYBODY)


def layout(**_: str) -> html.Div:
    """Return the page, from the figures and cards that the models were shipped with."""
    return fields.page("accuracy", t("How accurate it is"), accuracy.accuracy(stored(), cards()))
