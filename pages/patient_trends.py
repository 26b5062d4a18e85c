"""The trends of a patient, as far as they share."""

import dash
from dash import html

from components import states, trends
from pages import _trending as trending
from somnia_server.access import actor_now
from somnia_server.access.rules import DOCTORS

dash.register_page(__name__, path_template="/trends/<patient>", title="SOMNIA", roles=DOCTORS)


def layout(patient: str = "", **_: str) -> html.Div | html.Section:
    """Return the page; somebody who does not share is not found."""
    history = trending.past(actor_now(), patient)
    if not history.main:
        return states.not_found()
    page = trends.trends_page(trending.metrics(history), demo=history.demo, forget=False, compare=f"/compare/{patient}")
    return states.watched(page, f"/still/patient/{patient}")
