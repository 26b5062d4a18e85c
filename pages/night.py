"""One night."""

from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, html

from components import ids, lights, remarks, report, review, states
from components.clips import clips_tab
from components.figures.night import night_figure
from components.night import NightView, night_view, tab_body
from pages import _acts, _lights
from somnia_engine.detectors import detectors
from somnia_engine.report import report_night
from somnia_engine.text import t
from somnia_server.access import actor_now
from somnia_server.access.rules import KEEPERS
from somnia_server.reports import narrator
from somnia_server.store import interpretations
from somnia_server.store.clips import list_clips
from somnia_server.store.nights import StoredNight, count_nights, list_nights, load_night
from somnia_server.store.reach import acts_for
from somnia_server.store.remarks import Remark, RemarkError, load_remark, save_remark
from somnia_server.store.vault import TamperedError

dash.register_page(__name__, path_template="/night/<night_id>", title="SOMNIA", roles=KEEPERS)


def layout(night_id: str = "", tab: str = "", **_: str) -> html.Div | html.Section:
    """Return the night's page; another's night is not found."""
    actor = actor_now()
    try:
        stored = load_night(actor, night_id)
    except TamperedError:
        return states.damaged()
    if stored is None:
        return states.not_found()
    order = sorted(list_nights(actor, stored.owner), key=lambda n: (n.night, n.created_at))
    place = [n.id for n in order].index(stored.id)
    before = f"/night/{order[place - 1].id}" if place > 0 else None
    after = f"/night/{order[place + 1].id}" if place + 1 < len(order) else None
    names = {detector.key: detector.name for detector in detectors()}
    compare, pdf = _comparison(stored, len(order)), f"/report/night/{stored.id}" if stored.owner == actor.id else None
    view = night_view(NightView(stored.analysis, stored.night, before, after, stored.expires_at, stored.demo, names, compare, pdf, tab))
    said = review.signed(interpretations.interpretations_of(actor, stored.id))
    view = html.Div([said, view], className="stack-small") if said is not None else view
    return view if stored.owner == actor.id else states.watched(view, f"/still/night/{stored.id}")


@callback(
    Output(ids.NIGHT_FIGURE, "data"),
    Input(ids.NIGHT_VIEW, "value"),
    Input(ids.NIGHT_WINDOW, "data"),
    State("_pages_location", "pathname"),
    prevent_initial_call=True,
)
def show(view: str, window: Any, address: str) -> Any:
    """Show the stages, or how likely each was; the window that is looked at more finely."""
    stored = _asked(address)
    if stored is None:
        return dash.no_update
    return night_figure(stored.analysis, probabilities=view == "probabilities", window=_seconds(window))


@callback(Output(ids.NIGHT_TAB, "children"), Input(ids.NIGHT_TABS, "value"), State("_pages_location", "pathname"))
def open_tab(tab: str | None, address: str) -> Any:
    """Show what lies in a tab."""
    stored = _asked(address)
    if stored is None:
        return dash.no_update
    actor = actor_now()
    if tab == "report":
        known = report_night(stored.analysis, n_nights=count_nights(actor, stored.owner))
        return report.report_tab(known, href=f"/report/night/{stored.id}", worded=narrator.words_of(stored))
    if tab == "clips":
        return clips_tab(list_clips(actor, stored.id), stored.analysis)
    if tab == "lights":
        return lights.place(_lights.body(actor, stored))
    if tab != "remarks":
        return tab_body(stored.analysis, tab)
    remark = load_remark(actor, stored.night, subject=stored.owner)
    return remarks.remark_form(remark) if acts_for(actor, stored.owner) else remarks.remark_text(remark)


@callback(
    Output(ids.REMARK_ANSWER, "children"),
    Input(ids.REMARK_SAVE, "n_clicks"),
    State(ids.REMARK_NOTE, "value"),
    State(ids.REMARK_TAGS, "value"),
    State(ids.REMARK_OWN, "value"),
    State("_pages_location", "pathname"),
    prevent_initial_call=True,
)
def keep_remark(clicks: Any, note: Any, tags: Any, own: Any, address: Any) -> Any:
    """Keep what was noted of the night."""
    stored = _asked(address) if clicks else None
    if stored is None:
        return dash.no_update
    said = Remark(str(note or ""), tuple(map(str, [*(tags or ()), *str(own or "").split(",")])))
    try:
        kept = save_remark(actor_now(), stored.night, remark=said, subject=stored.owner)
    except RemarkError as refused:
        return states.message(refused.text, tone="high")
    return states.message(t("Saved."), tone="low", icon_name="check") if kept else dash.no_update


@callback(
    Output(ids.body(lights.PAGE), "children"),
    Input(ids.do(lights.PAGE, ALL, ALL), "n_clicks"),
    State(ids.said(lights.PAGE, ALL), "value"),
    State("_pages_location", "pathname"),
    prevent_initial_call=True,
)
def edit(_clicks: Any, _said: Any, address: Any) -> Any:
    """Keep other times of lights off and on, or take the last ones back."""
    stored = _asked(address)
    if stored is None:
        return dash.no_update
    acts: dict[str, _acts.Act] = {
        "set": lambda actor, _, said: _lights.keep(actor, stored, said),
        "undo": lambda actor, _, said: _lights.undo(actor, stored),
    }
    return _acts.answer(acts, lambda actor: _lights.body(actor, stored))


def _comparison(stored: StoredNight, n_nights: int) -> str | None:
    """Return where a night is compared with another of its person; None when there is no other."""
    whose = "/compare" if stored.owner == actor_now().id else f"/compare/{stored.owner}"
    return f"{whose}?a={stored.id}" if n_nights > 1 else None


def _asked(address: Any) -> StoredNight | None:
    return load_night(actor_now(), str(address).rpartition("/")[2])


def _seconds(window: Any) -> tuple[float, float] | None:
    """Return a browser's window in seconds of the night; None for the whole, and for what is not one."""
    if not isinstance(window, list) or len(window) != 2 or not all(isinstance(end, int | float) for end in window):
        return None
    return (float(window[0]), float(window[1])) if window[0] < window[1] else None
