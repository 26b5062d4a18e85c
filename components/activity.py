"""What is on record about a person's data, in words: who looked, who changed what."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dash import html

from components import fields
from components.words import day
from somnia_engine.text import Text, t

ACTIONS: dict[str, Text] = {
    "read_night": Text("looked at a night"),
    "list_nights": Text("looked at the list of nights"),
    "plan_visit": Text("planned a visit by video"),
    "call_off_visit": Text("called a visit off"),
    "score_night": Text("scored a night"),
    "edit_lights": Text("changed lights off or on of a night"),
    "undo_lights": Text("took back a change of lights off or on"),
    "hand_over": Text("handed a night over to be signed"),
    "sign_night": Text("signed a night"),
    "worklist": Text("saw the last night in the list of patients"),
    "read_profile": Text("looked at the profile"),
    "read_history": Text("looked at the medical history"),
    "show_board": Text("showed the last night on a display"),
    "start_pairing": Text("set up a display"),
    "pair_kiosk": Text("connected a display"),
    "revoke_kiosk": Text("took a display down"),
    "add_bed": Text("put a patient on a display"),
    "remove_bed": Text("took a patient off a display"),
    "ask_to_share": Text("asked to share"),
    "decline_request": Text("declined a request"),
    "state_guardian": Text("said to be a guardian"),
    "verify_guardian": Text("confirmed a guardian"),
    "end_guardian": Text("ended a guardianship"),
    "import": Text("brought data from elsewhere"),
    "write_clinic_note": Text("wrote a message for the displays"),
    "remove_clinic_note": Text("removed a message from the displays"),
    "open_breach": Text("opened an incident"),
    "breach_authority": Text("told the authority of an incident"),
    "breach_people": Text("told the people of an incident"),
    "breach_closed": Text("closed an incident"),
    "list_grants": Text("looked at who may see the nights"),
    "list_invitations": Text("looked at the invitations"),
    "list_consents": Text("looked at the agreements"),
    "list_requests": Text("looked at the requests"),
    "change_profile": Text("changed the profile"),
    "change_history": Text("changed the medical history"),
    "change_settings": Text("changed the settings"),
    "add_webhook": Text("named an address to be told of news"),
    "remove_webhook": Text("removed an address to be told of news"),
    "grant": Text("opened nights to a doctor"),
    "revoke": Text("ended a doctor’s access"),
    "invite": Text("made an invitation"),
    "withdraw_invitation": Text("took an invitation back"),
    "break_glass": Text("used emergency access"),
    "give_consent": Text("agreed to a text"),
    "withdraw_consent": Text("withdrew an agreement"),
    "export": Text("took a copy of all data"),
    "erase": Text("erased everything"),
    "retry_job": Text("started a failed analysis again"),
    "backup": Text("made a backup"),
    "account.made": Text("made the account"),
    "account.disabled": Text("closed the account"),
    "account.enabled": Text("opened the account again"),
    "account.role": Text("changed the role of the account"),
    "account.password": Text("changed the password"),
    "account.factor": Text("changed how the account is protected"),
    "account.everywhere": Text("logged out everywhere"),
    "account.email": Text("changed the e-mail address"),
    "account.identity": Text("linked or unlinked an identity provider"),
}
REASONED = frozenset({"break_glass"})
"""Actions that carry a person's own words."""
ROLES = {
    "visitor": Text("visitor"),
    "user": Text("patient"),
    "doctor": Text("doctor"),
    "admin": Text("administrator"),
    "kiosk": Text("display"),
}


def what(action: str) -> str:
    """Return an action in words; an action of a later version by its code."""
    said = ACTIONS.get(action)
    return t(said) if said is not None else action.replace("_", " ")


def activity(entries: Sequence[Any], names: Mapping[str, str | None], *, own: str, zone: str | None) -> html.Section:
    """Return the entries about a person, newest first, with times in their zone."""
    place = ZoneInfo(zone) if zone else None
    body = [
        [
            html.Span(
                [day(entry.at.astimezone(place).date(), year=True), " ", entry.at.astimezone(place).strftime("%H:%M")], className="numeric"
            ),
            _who(entry, names, own),
            html.Span(
                [what(entry.action), *([html.Br(), html.Em(f"“{entry.detail}”")] if entry.detail and entry.action in REASONED else [])]
            ),
        ]
        for entry in entries
    ]
    lead = t("Every time somebody else reads your data or changes who may, it is written down here. Entries cannot be changed or removed.")
    table = fields.table([t("when"), t("who"), t("what")], body, empty=t("Nobody has looked, and nothing has changed."))
    return fields.card(t("On record"), table, lead=lead)


def _who(entry: Any, names: Mapping[str, str | None], own: str) -> html.Span:
    if entry.actor == own:
        return html.Span(t("you"))
    role = ROLES.get(entry.role)
    name = names.get(entry.actor) or entry.actor[:10]
    return html.Span([html.Strong(name), " ", html.Span(t(role) if role else entry.role, className="muted small")])
