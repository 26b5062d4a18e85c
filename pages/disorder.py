"""One disorder: what it is, what the nights show of it, and its questionnaires."""

from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, html, no_update

from components import disorders, ids, questions, states
from pages import _acts
from pages._acts import Said
from pages._judged import judged, with_answers
from somnia_engine import catalogue
from somnia_engine.catalogue import Disorder
from somnia_engine.detectors import detectors
from somnia_engine.questionnaires import QUESTIONNAIRES
from somnia_engine.text import Text
from somnia_engine.types.questionnaires import Answered
from somnia_server.access import actor_now
from somnia_server.access.rules import KEEPERS
from somnia_server.store.actors import Actor
from somnia_server.store.answers import load_answers, save_answers
from somnia_server.store.house import now

dash.register_page(__name__, path_template="/disorders/<key>", title="SOMNIA", roles=KEEPERS)


def layout(key: str = "", **_: str) -> html.Div | html.Section:
    """Return the page; there is none of an unknown disorder."""
    entry, actor = catalogue.disorder(key), actor_now()
    if entry is None:
        return states.not_found()
    return html.Div(_page(actor, entry, body(actor, key)), id=ids.body(questions.PAGE))


def body(actor: Actor, key: str) -> list[Any]:
    """Return the questionnaires of a disorder as they stand."""
    asked = [name for name, found in QUESTIONNAIRES.items() if key in found.disorders]
    return [questions.questions_card(asked, load_answers(actor))] if asked else []


def _page(actor: Actor, entry: Disorder, asked: list[Any]) -> html.Div:
    """Return what is known of a disorder, around its questionnaires and what came of the last click."""
    name = next(detector.name for detector in detectors() if detector.key == entry.key)
    seen, demo = judged(actor)
    found = tuple(seen.get(entry.key, ()))
    found = found if demo else with_answers(actor, entry.key, found, answered=load_answers(actor))
    parts = [html.Div(asked, className="stack-small")] if asked else []
    return disorders.disorder_page(disorders.DisorderView(name, entry, found, demo), parts)


@callback(
    Output(ids.body(questions.PAGE), "children"),
    Input(ids.do(questions.PAGE, ALL, ALL), "n_clicks"),
    State(ids.said(questions.PAGE, ALL), "value"),
    State("_pages_location", "pathname"),
    prevent_initial_call=True,
)
def change(_clicks: Any, _values: Any, address: Any) -> Any:
    """Keep the answers of one questionnaire."""
    key = str(address or "").rpartition("/")[2]
    entry = catalogue.disorder(key)
    if entry is None:
        return no_update
    answer = _acts.answer({"answer": keep}, lambda actor: body(actor, key))
    return answer if answer is no_update else _page(actor_now(), entry, answer)


def keep(actor: Actor, key: str, said: Said) -> Text | None:
    """Keep what was answered today."""
    if key not in QUESTIONNAIRES:
        return None
    given = [said.get(questions.field_name(key, number)) for number in range(len(QUESTIONNAIRES[key].items))]
    choices = tuple(int(one) if str(one).isdecimal() else -1 for one in given)
    return Text("Saved.") if save_answers(actor, Answered(key, now().date(), choices)) else None
