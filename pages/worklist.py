"""A doctor's worklist."""

from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, ctx, html, no_update, set_props

from components import ids, states, worklist
from somnia_engine.detectors import detectors
from somnia_engine.text import Text
from somnia_server.access import actor_now
from somnia_server.access.rules import DOCTORS
from somnia_server.store import filters
from somnia_server.store.actors import Actor
from somnia_server.store.house import now
from somnia_server.store.nights import load_night
from somnia_server.store.refusals import RefusalError
from somnia_server.store.vault import TamperedError
from somnia_server.store.worklist import worklist as waiting

dash.register_page(__name__, path="/worklist", title="SOMNIA", roles=DOCTORS)


def layout(**_: str) -> html.Div:
    """Return the page."""
    actor = actor_now()
    return worklist.page(_rows(actor), filters.list_filters(actor))


def _rows(actor: Actor) -> list[dict[str, Any]]:
    disorders, at = _disorders(), now()
    return [worklist.row(found, disorders, at) for found in waiting(actor)]


def _disorders() -> dict[str, Text]:
    return {detector.key: detector.name for detector in detectors()}


@callback(Output(worklist.GRID, "rowData"), Input(worklist.TICK, "n_intervals"), prevent_initial_call=True)
def look_again(_ticks: Any) -> Any:
    """Show how things stand now: who shares, what arrived, what was signed."""
    return _rows(actor_now())


@callback(
    Output(worklist.DRAWER, "children"), Input(worklist.GRID, "selectedRows"), State(worklist.GRID, "rowData"), prevent_initial_call=True
)
def preview(selected: Any, _rows_shown: Any) -> Any:
    """Show the chosen patient's newest night in short."""
    data = selected[0] if isinstance(selected, list) and selected and isinstance(selected[0], dict) else None
    if data is None or not {"patient", "night_id"} <= data.keys():
        return worklist.empty_drawer()
    night_id = str(data["night_id"] or "")
    try:
        stored = load_night(actor_now(), night_id)
    except TamperedError:
        return [states.damaged()]
    compare = any(page["path"] == "/compare" for page in dash.page_registry.values())
    parts = worklist.drawer(data, stored.analysis if stored else None, disorders=_disorders(), compare=compare)
    shown = html.Div(parts, className="drawer stack-small")
    return shown if stored is None else states.watched(shown, f"/still/night/{night_id}")


@callback(
    Output(worklist.GRID, "filterModel"),
    Input(ids.do("worklist", "view", ALL), "n_clicks"),
    prevent_initial_call=True,
)
def choose(_clicks: Any) -> Any:
    """Filter as a chip says."""
    key = _pressed("view")
    if key in worklist.VIEWS:
        return worklist.VIEWS[key][1]
    found = filters.find_filter(actor_now(), key) if key else None
    return no_update if found is None else found.model


@callback(
    Output(worklist.FILTERS, "children"),
    Input(ids.do("worklist", "keep", ALL), "n_clicks"),
    Input(ids.do("worklist", "forget", ALL), "n_clicks"),
    State(ids.said("worklist", ALL), "value"),
    State(worklist.GRID, "filterModel"),
    prevent_initial_call=True,
)
def keep(_kept: Any, _forgotten: Any, names: Any, model: Any) -> Any:
    """Keep the filter of the moment under a name, or remove one."""
    actor, forgotten = actor_now(), _pressed("forget")
    if forgotten:
        filters.remove_filter(actor, forgotten)
    elif _pressed("keep") is not None:
        try:
            filters.keep_filter(actor, str((names or [""])[0] or ""), model=model)
        except RefusalError as refusal:
            set_props(ids.ERROR, {"children": states.message(refusal.text, tone="moderate")})
            return no_update
    return worklist.filters(filters.list_filters(actor))


def _pressed(act: str) -> str | None:
    """Return the key of the button of an act that was pressed; None for another, or for none."""
    asked = ctx.triggered_id
    if not isinstance(asked, dict) or asked.get("act") != act or not ctx.triggered[0]["value"]:
        return None
    return str(asked.get("key", ""))
