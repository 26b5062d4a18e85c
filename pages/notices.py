"""Notices: what a person was told."""

from typing import Any

import dash
from dash import ALL, Input, Output, callback, html

from components import fields, ids, notices
from pages import _acts
from somnia_engine.text import Text, t
from somnia_server.access import actor_now
from somnia_server.access.rules import PEOPLE
from somnia_server.store.actors import Actor
from somnia_server.store.notices import list_notices, mark_read

dash.register_page(__name__, path="/notices", title="SOMNIA", roles=PEOPLE)
NOTED = Text("Noted.")


def layout(**_: str) -> html.Div:
    """Return the page."""
    return fields.page("notices", t("Notices"), body(actor_now()))


def body(actor: Actor) -> list[Any]:
    """Return the notices as they stand."""
    return [notices.notices_card(list_notices(actor))]


@callback(Output(ids.body("notices"), "children"), Input(ids.do("notices", ALL, ALL), "n_clicks"), prevent_initial_call=True)
def change(_clicks: Any) -> Any:
    """Note what was read."""
    return _acts.answer({"read": read, "read_all": read}, body)


def read(actor: Actor, key: str, _said: _acts.Said) -> Text:
    """Note that one notice was read, or all."""
    mark_read(actor, key or None)
    return NOTED
