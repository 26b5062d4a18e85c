"""Trends: a person's nights over weeks to years."""

from typing import Any

import dash
from dash import Input, Output, State, callback, dcc, html, no_update

from components import ids, trends
from pages import _trending as trending
from somnia_server.access import actor_now
from somnia_server.access.rules import KEEPERS
from somnia_server.store.demo_history import add_demo_history, forget_demo_history, has_demo_history

dash.register_page(__name__, path="/trends", title="SOMNIA", roles=KEEPERS)


def layout(**_: str) -> html.Div:
    """Return the page."""
    actor = actor_now()
    history = trending.past(actor)
    go = dcc.Location(id=ids.TRENDS_GO, refresh=True)
    if not history.main:
        return html.Div([trends.nothing_yet(demo=True), go, html.Div(id=ids.TRENDS_BODY, hidden=True)])
    page = trends.trends_page(trending.metrics(history), demo=history.demo, forget=has_demo_history(actor), compare="/compare")
    return html.Div([page, go])


@callback(
    Output(ids.TRENDS_BODY, "children"),
    Output(ids.TRENDS_FIGURES, "data"),
    Input(ids.TRENDS_METRIC, "value"),
    Input(ids.TRENDS_SPAN, "value"),
    State("_pages_location", "pathname"),
)
def show(metric: Any, span: Any, address: Any) -> Any:
    """Show the number that was picked, over the span that was picked."""
    subject = trending.subject_of(address)
    actor = actor_now()
    history = trending.past(actor, subject)
    return trending.shown(actor, history, metric=metric, span=span, subject=subject) if history.main else (no_update, no_update)


@callback(Output(ids.TRENDS_GO, "href"), Input(ids.TRENDS_DEMO, "n_clicks"), prevent_initial_call=True)
def add_demo(clicks: Any) -> Any:
    """Keep the made-up history, and look at it."""
    return "/trends" if clicks and add_demo_history(actor_now()) else no_update


@callback(Output(ids.TRENDS_GO, "href", allow_duplicate=True), Input(ids.TRENDS_FORGET, "n_clicks"), prevent_initial_call=True)
def forget_demo(clicks: Any) -> Any:
    """Delete the made-up history."""
    return "/trends" if clicks and forget_demo_history(actor_now()) else no_update
