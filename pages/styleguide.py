"""The style page: every part in every state, where the settings show it; elsewhere there is nothing at its address."""

import dash
from dash import html

from components import states, styleguide
from somnia_server.access.rules import EVERYBODY
from somnia_server.store.house import house

dash.register_page(__name__, path="/styleguide", title="SOMNIA", roles=EVERYBODY)


def layout(**_: str) -> html.Div | html.Section:
    """Return the page, or that there is none."""
    return styleguide.styleguide() if house().settings.styleguide else states.not_found()
