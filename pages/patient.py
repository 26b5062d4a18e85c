"""One patient, as far as they share: who they are and their nights."""

import dash
from dash import html

from components import nights, patients, states
from somnia_engine.text import Text
from somnia_server.access import actor_now
from somnia_server.access.rules import DOCTORS
from somnia_server.store import persons
from somnia_server.store.nights import list_nights

dash.register_page(__name__, path_template="/patient/<patient>", title="SOMNIA", roles=DOCTORS)

DAMAGED = Text("Some of what this person said about themselves was changed on the server and cannot be read; it is missing below.")


def layout(patient: str = "", **_: str) -> html.Div | html.Section:
    """Return the page; somebody who does not share is not found."""
    actor = actor_now()
    card = persons.read_by_doctor(actor, patient)
    if card is None:
        return states.not_found()
    found = list_nights(actor, patient)
    damaged = [states.message(DAMAGED, tone="high")] if card.damaged else []
    page = html.Div(
        [*damaged, patients.patient_card(card), nights.night_pages(found) if found else patients.nothing_open()], className="stack"
    )
    return states.watched(page, f"/still/patient/{patient}")
