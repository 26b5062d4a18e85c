"""Patients: who shares with a doctor, and the ways in."""

from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, html

from components import fields, ids, patients
from pages import _acts
from pages._acts import Said
from somnia_engine.text import Text, t
from somnia_server.access import actor_now
from somnia_server.access.rules import DOCTORS
from somnia_server.store import emergencies, invitations, kiosks, sharing_requests
from somnia_server.store.actors import Actor
from somnia_server.store.grants import patients_of

dash.register_page(__name__, path="/patients", title="SOMNIA", roles=DOCTORS)
DONE = Text("Done.")
GONE = Text("This is no longer here. The page shows how things stand now.")


def layout(**_: str) -> html.Div:
    """Return the page; what waits for the doctor's own address is taken up first."""
    invitations.claim(actor_now())
    return fields.page("patients", t("Patients"), body(actor_now()))


def body(actor: Actor, code: str | None = None) -> list[Any]:
    """Return the cards as they stand; `code` is a display's that was just made."""
    found = patients_of(actor)
    return [
        patients.patients_card(found),
        patients.ways_card(sharing_requests.requests_by(actor)),
        patients.displays_card(kiosks.list_kiosks(actor), found, code),
        patients.emergency_card(),
    ]


@callback(
    Output(ids.body("patients"), "children"),
    Input(ids.do("patients", ALL, ALL), "n_clicks"),
    State(ids.said("patients", ALL), "value"),
    prevent_initial_call=True,
)
def change(_clicks: Any, _values: Any) -> Any:
    """Do what a button says, then show how things stand."""
    made: list[str] = []
    acts = ACTS | {"display": lambda actor, _key, said: _display(actor, said, made)}
    return _acts.answer(acts, lambda actor: body(actor, made[0] if made else None))


def _display(actor: Actor, said: Said, made: list[str]) -> Text:
    made.append(kiosks.start_pairing(actor, said.get("display") or "").code)
    return DONE


def bed(actor: Actor, _key: str, said: Said) -> Text:
    """Put a patient on a display."""
    added = kiosks.add_bed(actor, said.get("kiosk") or "", patient=said.get("patient") or "", alias=said.get("alias") or "")
    return DONE if added else GONE


def unbed(actor: Actor, key: str, _said: Said) -> Text:
    """Take a patient off a display."""
    kiosk, _, patient = key.partition(" ")
    return DONE if kiosks.remove_bed(actor, kiosk, patient=patient) else GONE


def redeem(actor: Actor, _key: str, said: Said) -> Text:
    """Turn an invitation's code into access."""
    found = invitations.redeem(actor, said.get("code") or "")
    return (
        Text("This patient’s nights are open to you now.")
        if found
        else Text("There is no such code for you. Ask the patient for a new one.")
    )


def ask(actor: Actor, _key: str, said: Said) -> Text:
    """Ask a patient to share."""
    sharing_requests.ask_to_share(actor, said.get("email") or "", message=said.get("message") or "")
    return Text("If this address has an account, its owner sees your request.")


def emergency(actor: Actor, _key: str, said: Said) -> Text:
    """Open a patient's nights in an emergency."""
    found = emergencies.break_glass(actor, said.get("emergency_email") or "", reason=said.get("reason") or "")
    return Text("Open for 24 hours; the patient was told.") if found else Text("There is no patient of this address.")


ACTS: dict[str, _acts.Act] = {
    "redeem": redeem,
    "ask": ask,
    "emergency": emergency,
    "bed": bed,
    "unbed": unbed,
    "unpair": lambda actor, key, _: DONE if kiosks.revoke_kiosk(actor, key) else GONE,
}
