"""Administration: accounts, guardians, the audit log, the breach register; no night is shown here."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, html

from components import admin, clinic_notes, fields, ids, operations
from pages import _acts, _clinic_notes
from pages._acts import Said
from somnia_engine.text import Text, t
from somnia_server.access import actor_now, staff
from somnia_server.access.rules import ADMINS
from somnia_server.egress import listing
from somnia_server.store import audit, breaches, guardians, kiosks
from somnia_server.store import operations as running
from somnia_server.store.accounts import AccountError, list_accounts, set_active
from somnia_server.store.actors import Actor, Role
from somnia_server.store.clinic_notes import notes_now
from somnia_server.store.house import house
from somnia_server.store.refusals import RefusalError

dash.register_page(__name__, path="/admin", title="SOMNIA", roles=ADMINS)
DONE = Text("Done.")
GONE = Text("This is no longer here. The page shows how things stand now.")
SHOWN, WEEK = 100, timedelta(days=7)


def layout(**_: str) -> html.Div:
    """Return the page."""
    page = fields.page("admin", t("Administration"), body(actor_now()))
    page.className += " form-wide"
    return page


def body(actor: Actor, made: str | None = None, drafts: dict[str, str] | None = None, faults: tuple[Text, ...] | None = None) -> list[Any]:
    """Return the cards as they stand, with what the last click brought."""
    now, seen = datetime.now(UTC), running.overview(actor)
    return [
        admin.accounts_card(list_accounts(actor), made),
        *([] if seen is None else [operations.cards(seen, _switches(), now)]),
        clinic_notes.notes_card(notes_now(actor)),
        admin.statements_card(guardians.statements(actor)),
        admin.breaches_card(breaches.breaches(actor), drafts or {}),
        admin.log_card(audit.entries_between(actor, now - WEEK, now, most=SHOWN), faults=faults),
    ]


@callback(
    Output(ids.body("admin"), "children"),
    Input(ids.do("admin", ALL, ALL), "n_clicks"),
    State(ids.said("admin", ALL), "value"),
    prevent_initial_call=True,
)
def change(_clicks: Any, _values: Any) -> Any:
    """Do what a button says, then show how things stand."""
    brought: dict[str, Any] = {}
    acts = ACTS | {name: _bringing(act, brought) for name, act in BRINGING.items()}
    return _acts.answer(acts, lambda actor: body(actor, **brought))


def _bringing(act: Any, brought: dict[str, Any]) -> _acts.Act:
    return lambda actor, key, said: act(actor, key, said, brought)


def make(actor: Actor, _key: str, said: Said, brought: dict[str, Any]) -> Text:
    """Make a doctor's or an administrator's account with a first password."""
    password = "-".join(secrets.token_hex(2) for _ in range(5))
    try:
        staff.make_staff(actor, email=said.get("email") or "", password=password, role=Role(said.get("role") or "doctor"), first=True)
    except AccountError as refused:
        raise RefusalError(Text("The account was not made: {why}.", {"why": str(refused)})) from refused
    brought["made"] = password
    return DONE


def draft(actor: Actor, key: str, _said: Said, brought: dict[str, Any]) -> Text:
    """Draft the notice to the authority."""
    brought["drafts"] = {key: breaches.draft_authority(actor, key)}
    return DONE


def draft_people(actor: Actor, key: str, _said: Said, brought: dict[str, Any]) -> Text:
    """Draft the notices to the people, one after another."""
    people = breaches.affected(actor, key).people
    brought["drafts"] = {key: "\n\n".join(f"{who}\n{breaches.draft_person(actor, key, who)}" for who in people)}
    return DONE


def check(_actor: Actor, _key: str, _said: Said, brought: dict[str, Any]) -> Text:
    """Check the whole audit log."""
    brought["faults"] = audit.verify().faults
    return DONE


def open_breach(actor: Actor, _key: str, said: Said) -> Text:
    """Open an incident."""
    try:
        begins, ends = (datetime.fromisoformat(said.get(name) or "").replace(tzinfo=UTC) for name in ("begins", "ends"))
    except ValueError:
        raise RefusalError(Text("Give both times, as date and hour.")) from None
    breaches.open_breach(actor, begins=begins, ends=ends, notes=said.get("notes") or "")
    return DONE


def _activate(actor: Actor, key: str, *, active: bool) -> Text:
    if key == actor.id:
        raise RefusalError(Text("You cannot close your own account here: nobody could open it again."))
    set_active(actor, key, active=active)
    return DONE


def _mark(actor: Actor, key: str, told: str) -> Text:
    breaches.mark(actor, key, told=told)
    return DONE


def verify(actor: Actor, key: str, _said: Said) -> Text:
    """Confirm that a guardian's papers were seen."""
    return DONE if guardians.verify_guardianship(actor, key) else GONE


def _switches() -> list[tuple[str, str, bool]]:
    settings = house().settings
    outside = [(t(outlet.title), outlet.switch, outlet.on) for outlet in listing() if outlet.switch]
    own = [
        (t("Raw files stay after their analysis"), "SOMNIA_RAW_HOURS", settings.raw_hours > 0),
        (t("Pages over https"), "SOMNIA_TLS", settings.tls),
        (t("For developers: debug"), "SOMNIA_DEBUG", settings.debug),
    ]
    return outside + own


BRINGING = {"make": make, "draft": draft, "draft_people": draft_people, "check": check}
ACTS: dict[str, _acts.Act] = {
    "close": lambda actor, key, _: _activate(actor, key, active=False),
    "reopen": lambda actor, key, _: _activate(actor, key, active=True),
    "verify": verify,
    "retry": lambda actor, key, _: DONE if running.retry(actor, key) else GONE,
    **_clinic_notes.ACTS,
    "revoke_kiosk": lambda actor, key, _: DONE if kiosks.revoke_kiosk(actor, key) else GONE,
    "open_breach": open_breach,
    "told_authority": lambda actor, key, _: _mark(actor, key, "authority"),
    "told_people": lambda actor, key, _: _mark(actor, key, "people"),
    "close_breach": lambda actor, key, _: _mark(actor, key, "closed"),
}
