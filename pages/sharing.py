"""Sharing and consent: who may look, who asks, what one agreed to, who acts for whom."""

from datetime import date
from typing import Any

import dash
from dash import ALL, Input, Output, State, callback, html

from components import fields, ids, sharing
from components import webhooks as webhook_parts
from pages import _acts
from pages._acts import Said
from somnia_engine.text import Text, t
from somnia_server.access import actor_now
from somnia_server.access.rules import PEOPLE
from somnia_server.store import consents, guardians, invitations, sharing_requests, webhooks
from somnia_server.store.actors import Actor
from somnia_server.store.grants import Terms, grants_of, revoke

dash.register_page(__name__, path="/sharing", title="SOMNIA", roles=PEOPLE)
DONE = Text("Done.")
GONE = Text("This is no longer here. The page shows how things stand now.")


def layout(**_: str) -> html.Div:
    """Return the page."""
    return fields.page("sharing", t("Sharing and consent"), body(actor_now()))


def body(actor: Actor, code: str | None = None) -> list[Any]:
    """Return the cards as they stand; `code` is an invitation that was just made."""
    asked, wards, told = sharing_requests.requests_to(actor), guardians.wards_of(actor), webhooks.webhooks_of(actor)
    return [
        *([sharing.requests_card(asked)] if asked else []),
        sharing.share_card(code),
        sharing.grants_card(grants_of(actor), invitations.invitations_of(actor)),
        sharing.consents_card(consents.consents_of(actor)),
        *([webhook_parts.webhooks_card(told)] if told else []),
        sharing.guardians_card(guardians.guardians_of(actor), wards),
        *(sharing.ward_card(one.name or "", one.minor, consents.consents_of(actor, one.minor)) for one in wards if one.verified),
    ]


@callback(
    Output(ids.body("sharing"), "children"),
    Input(ids.do("sharing", ALL, ALL), "n_clicks"),
    State(ids.said("sharing", ALL), "value"),
    prevent_initial_call=True,
)
def change(_clicks: Any, _values: Any) -> Any:
    """Do what a button says, then show how things stand."""
    made: list[str] = []
    acts = ACTS | {"invite": lambda actor, _key, said: _invite(actor, said, made)}
    return _acts.answer(acts, lambda actor: body(actor, made[0] if made else None))


def _terms(said: Said) -> Terms:
    first, last = (date.fromisoformat(said[name]) if said.get(name) else None for name in ("first", "last"))
    return Terms(str(said.get("scope")), first, last, bool(said.get("may_upload")), said.get("days") or 0)


def _invite(actor: Actor, said: Said, made: list[str]) -> Text:
    code = invitations.invite(actor, terms=_terms(said))
    made += [code] if code else []
    return DONE if code else GONE


def share(actor: Actor, _key: str, said: Said) -> Text:
    """Share with the doctor of an address."""
    if not said.get("email"):
        return Text("Give the e-mail address of a doctor, or make a code.")
    invitations.share_with_address(actor, said["email"], terms=_terms(said))
    return Text("Done. If this doctor has no account yet, the invitation waits for 14 days.")


def state_guardian(actor: Actor, _key: str, said: Said) -> Text:
    """State that one acts for a minor."""
    guardians.state_guardianship(actor, said.get("ward") or "")
    return Text("Noted. It counts once the administration has confirmed it.")


def _done(ok: bool) -> Text:
    return DONE if ok else GONE


ACTS: dict[str, _acts.Act] = {
    "share": share,
    "revoke": lambda actor, key, _: _done(revoke(actor, key)),
    "withdraw": lambda actor, key, _: _done(invitations.withdraw_invitation(actor, key)),
    "accept": lambda actor, key, _: _done(sharing_requests.accept_request(actor, key)),
    "decline": lambda actor, key, _: _done(sharing_requests.decline_request(actor, key)),
    "give_consent": lambda actor, key, _: _done(consents.give(actor, key.partition(" ")[0], subject=key.partition(" ")[2] or None)),
    "withdraw_consent": lambda actor, key, _: _done(consents.withdraw(actor, key.partition(" ")[0], subject=key.partition(" ")[2] or None)),
    "remove_webhook": lambda actor, key, _: _done(webhooks.remove_webhook(actor, key)),
    "ping_webhook": lambda actor, key, _: _done(webhooks.ping(actor, key)),
    "state_guardian": state_guardian,
    "end_guardian": lambda actor, key, _: _done(guardians.end_guardianship(actor, key)),
}
