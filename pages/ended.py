"""Where a page leads that showed what is no longer shared."""

import dash
from dash import html

from components import states
from somnia_server.access.rules import PEOPLE

dash.register_page(__name__, path="/ended", title="SOMNIA", roles=PEOPLE)


def layout(**_: str) -> html.Section:
    """Return the page."""
    return states.ended()
