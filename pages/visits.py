"""Messages between doctors and patients, and visits by video."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import dash
from dash import ALL, Input, Output, State, callback, ctx, html, no_update

from components import fields, ids, visits, words
from pages import _acts
from pages._acts import Said
from somnia_engine.text import Text, t
from somnia_server.access import actor_now
from somnia_server.access.rules import PEOPLE
from somnia_server.store import messages, persons
from somnia_server.store import visits as kept
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import ALIVE, grants_of, patients_of
from somnia_server.store.house import now
from somnia_server.store.refusals import RefusalError
from somnia_server.store.worklist import worklist

dash.register_page(__name__, path="/visits", title="SOMNIA", roles=PEOPLE)
DONE, SENT = Text("Done."), Text("Sent.")
GONE = Text("This is no longer here. The page shows how things stand now.")


def layout(**_: str) -> html.Div:
    """Return the page; what was written to the reader counts as seen."""
    actor = actor_now()
    messages.mark_seen(actor)
    return fields.page("visits", t("Messages and visits"), body(actor))


def body(actor: Actor) -> list[Any]:
    """Return the cards as they stand."""
    patients, zone = _patients(actor), persons.load_profile(actor).zone
    cards = [visits.visits_card(kept.list_visits(actor), patients, zone, doctor=actor.id)]
    if patients:
        cards.append(visits.plan_card(patients, _nights(actor), zone))
    return [*cards, visits.messages_card(messages.list_messages(actor), {**patients, **_doctors(actor)})]


def _patients(actor: Actor) -> dict[str, str]:
    return {one.id: one.name or t("no name given") for one in patients_of(actor)}


def _doctors(actor: Actor) -> dict[str, str]:
    return {one.doctor: one.name for one in grants_of(actor) if one.state == ALIVE}


def _nights(actor: Actor) -> dict[str, str]:
    rows = worklist(actor)
    return {row.night_id: f"{row.name or t('no name given')}, {words.day(row.night)}" for row in rows if row.night_id and row.night}


@callback(
    Output(ids.body("visits"), "children"),
    Output(visits.FILE, "data"),
    Input(ids.do("visits", ALL, ALL), "n_clicks"),
    State(ids.said("visits", ALL), "value"),
    prevent_initial_call=True,
)
def change(_clicks: Any, _values: Any) -> Any:
    """Do what a button says, then show how things stand; a calendar file is sent and changes nothing."""
    asked = ctx.triggered_id
    if isinstance(asked, dict) and asked.get("act") == "file" and ctx.triggered[0]["value"]:
        return no_update, _file(actor_now(), str(asked.get("key")))
    return _acts.answer(ACTS, body), no_update


def _file(actor: Actor, visit_id: str) -> Any:
    visit = kept.find_visit(actor, visit_id)
    if visit is None:
        return no_update
    text = visits.calendar_file(visit, title=t("Sleep visit by video"), stamp=now())
    return {"content": text, "filename": "visit.ics", "type": "text/calendar"}


def send(actor: Actor, _key: str, said: Said) -> Text:
    """Send a message to the chosen doctor or patient."""
    other = str(said.get("to") or "")
    pair = (other, actor.id) if actor.role is Role.DOCTOR and other in _patients(actor) else (actor.id, other)
    return SENT if messages.send(actor, *pair, text=str(said.get("text") or "")) else GONE


def plan(actor: Actor, _key: str, said: Said) -> Text:
    """Plan a visit as the form says."""
    detail = kept.Detail(str(said.get("link") or ""), str(said.get("night") or ""))
    minutes = said.get("minutes")
    length = int(minutes) if isinstance(minutes, int | float) else 0
    kept.plan(actor, str(said.get("patient") or ""), begins_at=_moment(actor, said), minutes=length, detail=detail)
    return Text("Planned. The patient is told.")


def _moment(actor: Actor, said: Said) -> datetime:
    zone = persons.load_profile(actor).zone or "UTC"
    try:
        return datetime.fromisoformat(f"{said.get('day')}T{said.get('time')}").replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise RefusalError(Text("Give the day and the time of the visit.")) from None


ACTS: dict[str, _acts.Act] = {
    "send": send,
    "plan": plan,
    "off": lambda actor, key, _: DONE if kept.call_off(actor, key) else GONE,
    "notes": lambda actor, key, said: DONE if kept.keep_notes(actor, key, str(said.get(f"notes {key}") or "")) else GONE,
}
