"""Who looked at my nights: what is on record about one's own data."""

import dash
from dash import html

from components import activity, fields
from somnia_engine.text import t
from somnia_server.access import actor_now
from somnia_server.access.rules import PEOPLE
from somnia_server.store import persons
from somnia_server.store.audit import entries_about

dash.register_page(__name__, path="/activity", title="SOMNIA", roles=PEOPLE)


def layout(**_: str) -> html.Div:
    """Return the page."""
    actor = actor_now()
    entries = entries_about(actor)
    names = persons.names_of_doctors(actor, sorted({entry.actor for entry in entries}))
    table = activity.activity(entries, names, own=actor.id, zone=persons.load_profile(actor).zone)
    return fields.page("activity", t("Who looked at my nights"), [table])
