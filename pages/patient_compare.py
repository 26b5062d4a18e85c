"""A patient's nights compared, as far as they share."""

import dash
from dash import html

from components import compare, states
from pages import _comparing as comparing
from pages import _trending as trending
from somnia_server.access import actor_now
from somnia_server.access.rules import DOCTORS

dash.register_page(__name__, path_template="/compare/<patient>", title="SOMNIA", roles=DOCTORS)


def layout(patient: str = "", a: str = "", b: str = "", **_: str) -> html.Div | html.Section:
    """Return the page; somebody who does not share is not found."""
    actor = actor_now()
    if not trending.past(actor, patient).main:
        return states.not_found()
    page = comparing.page(actor, first=a, second=b, subject=patient) or compare.too_few(own=False)
    return states.watched(page, f"/still/patient/{patient}")
