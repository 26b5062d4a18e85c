"""One disorder: what it is, what the nights show of it, and its questionnaires."""

from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, html

from components import disorders, ids, questions, states
from pages import _acts
from pages._acts import Said
from pages._judged import judged
from somnia_engine import catalogue
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
    entry = catalogue.disorder(key)
    name = next((detector.name for detector in detectors() if detector.key == key), None)
    if entry is None or name is None:
        return states.not_found()
    actor = actor_now()
    seen, demo = judged(actor)
    asked = [html.Div(body(actor, key), id=ids.body(questions.PAGE), className="stack-small")] if _asked_of(key) else []
    return disorders.disorder_page(disorders.DisorderView(name, entry, tuple(seen.get(key, ())), demo), asked)


def body(actor: Actor, key: str) -> list[Any]:
    """Return the questionnaires of a disorder as they stand."""
    return [questions.questions_card(_asked_of(key), load_answers(actor))]


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
    return _acts.answer({"answer": keep}, lambda actor: body(actor, key))


def keep(actor: Actor, key: str, said: Said) -> Text | None:
    """Keep what was answered today."""
    if key not in QUESTIONNAIRES:
        return None
    given = [said.get(questions.field_name(key, number)) for number in range(len(QUESTIONNAIRES[key].items))]
    choices = tuple(int(one) if str(one).isdecimal() else -1 for one in given)
    return Text("Saved.") if save_answers(actor, Answered(key, now().date(), choices)) else None


def _asked_of(disorder: str) -> list[str]:
    return [key for key, found in QUESTIONNAIRES.items() if disorder in found.disorders]
