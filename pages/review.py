"""One night under a doctor's hand: scoring, agreement, signature."""

from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, dcc, html, no_update

from components import ids, review, states, words
from components.review_data import FULL_S, full_signals, review_data
from pages import _acts
from pages import _reviewing as reviewing
from somnia_engine.text import Text, t
from somnia_server.access import actor_now
from somnia_server.access.rules import DOCTORS
from somnia_server.store import interpretations, scorings
from somnia_server.store.actors import Actor
from somnia_server.store.nights import StoredNight, load_night
from somnia_server.store.refusals import RefusalError
from somnia_server.store.vault import TamperedError

dash.register_page(__name__, path_template="/review/<night_id>", title="SOMNIA", roles=DOCTORS)
DONE, SIGNED, HANDED = Text("Kept."), Text("Signed. The patient is told."), Text("Handed over to whoever signs.")
GONE = Text("This is no longer here. The page shows how things stand now.")


def layout(night_id: str = "", version: str = "", **_: str) -> html.Div | html.Section:
    """Return the page; a night that is not open to the doctor is not found."""
    actor = actor_now()
    try:
        stored = load_night(actor, night_id)
        signed = interpretations.signed_night(actor, night_id, int(version)) if version.isdigit() else None
    except TamperedError:
        return states.damaged()
    if stored is None:
        return states.not_found()
    interpretations.begin(actor, night_id)
    found = [one for one in scorings.scorings_of(actor, night_id) if one.marks.stages]
    own = next((one for one in found if one.author == actor.id), None)
    others = tuple(one for one in found if one.author != actor.id)
    analysis = stored.analysis if signed is None else signed
    data = review_data(analysis, [(one.name, one.marks.stages) for one in others], None if own is None else own.marks)
    marks = reviewing.start_marks(analysis) if own is None else own.marks
    corner = review.agreement(reviewing.beside(analysis, marks, others), reviewing.numbers_of(analysis, marks), analysis.statistics)
    status = html.Div(review.status(None if own is None else own.changed_at), id=review.STATUS, className="review-status", role="status")
    unsaved = html.Span(t("not saved yet"), id=review.UNSAVED, className="muted small", hidden=True)
    said = html.Section(_reading(actor, stored), id=review.READING, className="review-card stack-small")
    sides = [html.Section([html.Div(corner, id=review.AGREEMENT), unsaved, status], className="review-card"), said]
    return states.watched(review.page(analysis, _head(stored, signed is not None), data, sides), f"/still/night/{night_id}")


def _head(stored: StoredNight, signed: bool) -> list[Any]:
    mark = [html.Span(t("as it was signed"), className="chip")] if signed else []
    ways = [
        html.A(t("Worklist"), href="/worklist", className="button button-quiet"),
        dcc.Link(t("Night"), href=f"/night/{stored.id}", className="button button-quiet"),
        html.A(t("Report as PDF"), href=f"/report/night/{stored.id}", className="button button-quiet", download=""),
        dcc.Link(t("Patient"), href=f"/patient/{stored.owner}", className="button button-quiet"),
    ]
    return [html.H1(words.day(stored.night, year=True)), *mark, html.Div(ways, className="actions")]


def _reading(actor: Actor, stored: StoredNight) -> list[Any]:
    return review.reading(interpretations.interpretations_of(actor, stored.id), stored.id, may_sign=stored.owner != actor.id)


def _night_id(address: Any) -> str:
    return str(address).rpartition("/")[2]


@callback(
    Output(review.AGREEMENT, "children"),
    Output(review.STATUS, "children"),
    Output(review.UNSAVED, "hidden"),
    Input(review.MARKS, "data"),
    State("_pages_location", "pathname"),
    prevent_initial_call=True,
)
def keep(data: Any, address: str) -> Any:
    """Keep the doctor's scoring as it stands, and say how well it agrees."""
    actor, night_id = actor_now(), _night_id(address)
    stored = None if data is None else load_night(actor, night_id)
    if stored is None:
        return no_update, no_update, no_update
    try:
        own = scorings.save_draft(actor, night_id, reviewing.marks_of(data))
    except RefusalError as refusal:
        return no_update, review.status(None, refusal.text), True
    if own is None:
        return no_update, no_update, no_update
    others = [one for one in scorings.scorings_of(actor, night_id) if one.author != actor.id and one.marks.stages]
    pairs, numbers = reviewing.beside(stored.analysis, own.marks, others), reviewing.numbers_of(stored.analysis, own.marks)
    return review.agreement(pairs, numbers, stored.analysis.statistics), review.status(own.changed_at), True


@callback(Output(review.SIGNALS, "data"), Input(review.WINDOW, "data"), State("_pages_location", "pathname"), prevent_initial_call=True)
def finer(window: Any, address: str) -> Any:
    """Send every sample of the signals within a window."""
    good = isinstance(window, list) and len(window) == 2 and all(isinstance(end, int | float) for end in window)
    if not good or not 0 < window[1] - window[0] <= 3 * FULL_S:
        return no_update
    stored = load_night(actor_now(), _night_id(address))
    return no_update if stored is None else full_signals(stored.analysis, window[0], window[1])


@callback(
    Output(review.READING, "children"),
    Input(ids.do(review.PAGE, ALL, ALL), "n_clicks"),
    State(ids.said(review.PAGE, ALL), "value"),
    State("_pages_location", "pathname"),
    prevent_initial_call=True,
)
def say(_clicks: Any, _said: Any, address: str) -> Any:
    """Keep, hand over or sign what the doctor says."""
    stored = load_night(actor_now(), _night_id(address))
    if stored is None:
        return no_update
    night = stored.id
    acts: dict[str, _acts.Act] = {
        "write": lambda actor, _, said: DONE if interpretations.write(actor, night, said.get("text") or "") else GONE,
        "pending": lambda actor, _, said: HANDED if interpretations.write(actor, night, said.get("text") or "", state="pending") else GONE,
        "sign": lambda actor, _, said: SIGNED if interpretations.sign(actor, night, said.get("text") or "") else GONE,
    }
    return _acts.answer(acts, lambda actor: _reading(actor, stored))
