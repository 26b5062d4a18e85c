"""Two nights side by side, and the nights before and after a day."""

from typing import Any

import dash
from dash import Input, Output, State, callback, html, no_update

from components import compare, ids
from pages import _comparing as comparing
from pages import _trending as trending
from somnia_engine.text import Text, t
from somnia_server.access import actor_now
from somnia_server.access.rules import KEEPERS

dash.register_page(__name__, path="/compare", title="SOMNIA", roles=KEEPERS)

SAME = Text("Choose two different nights.")


def layout(a: str = "", b: str = "", **_: str) -> html.Div | html.Section:
    """Return the page; the address may name the nights."""
    return comparing.page(actor_now(), first=a, second=b) or compare.too_few(own=True)


@callback(
    Output(ids.COMPARE_BODY, "children"),
    Output(ids.COMPARE_FIGURE, "data"),
    Input(ids.COMPARE_FIRST, "value"),
    Input(ids.COMPARE_SECOND, "value"),
    State("_pages_location", "pathname"),
)
def show(first: Any, second: Any, address: Any) -> Any:
    """Show the two nights that were picked."""
    subject = trending.subject_of(address)
    actor = actor_now()
    found = comparing.two_nights(actor, trending.past(actor, subject), first=first, second=second)
    return found if found is not None else (t(SAME) if first == second else no_update, no_update)


@callback(Output(ids.COMPARE_AROUND, "children"), Input(ids.COMPARE_DAY, "value"), State("_pages_location", "pathname"))
def show_around(said: Any, address: Any) -> Any:
    """Show what differs after the day that was picked."""
    day = comparing.day_of(said)
    history = trending.past(actor_now(), trending.subject_of(address))
    return no_update if day is None or not history.main else comparing.around(history, day)
