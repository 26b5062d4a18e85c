"""Who sees one's nights, and what one agreed to: grants, invitations, requests, guardians, consents."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from dash import html

from components import fields
from components.words import day
from somnia_engine.text import Text, t

PAGE = "sharing"
SCOPES = {"nights": Text("whole nights"), "reports": Text("reports only")}
STATES = {
    "alive": Text("open"),
    "expired": Text("expired"),
    "revoked": Text("ended"),
    "disabled": Text("of no effect: this doctor’s account is closed"),
    "waiting": Text("waits"),
    "used": Text("used"),
    "withdrawn": Text("taken back"),
    "over": Text("expired"),
}
CONSENTS = {
    "terms": Text("Terms of use"),
    "privacy": Text("Privacy notice"),
    "ai_text": Text("Reports worded by an outside service"),
    "research": Text("Use for research"),
}


def share_card(code: str | None) -> html.Section:
    """Return the form by which a person shares; `code` is the one that was just made."""
    form = fields.fields(
        fields.text(PAGE, "email", t("E-mail of the doctor"), kind="email", hint=t("Leave it empty to make a code instead.")),
        fields.choice(PAGE, "scope", t("What the doctor sees"), {key: t(said) for key, said in SCOPES.items()}, "nights"),
        fields.day(PAGE, "first", t("From the night of"), hint=t("Empty: from the first.")),
        fields.day(PAGE, "last", t("To the night of"), hint=t("Empty: new nights too.")),
        fields.number(PAGE, "days", t("For how many days"), 180, limits=(1, 730)),
        fields.switch(PAGE, "may_upload", t("The doctor may upload nights for me"), on=False),
    )
    shown = (
        []
        if code is None
        else [
            html.P(t("Give this code to your doctor. It works once, for 14 days, and is shown only now:")),
            html.P(code, className="code-said"),
        ]
    )
    buttons = html.Div(
        [fields.button(PAGE, "share", t("Share"), primary=True), fields.button(PAGE, "invite", t("Make a code"))], className="actions"
    )
    lead = t("Nobody sees your nights unless you say so here. What you open, you can close again at any time.")
    return fields.card(t("Share with a doctor"), form, buttons, *shown, lead=lead)


def grants_card(grants: Sequence[Any], invitations: Sequence[Any]) -> html.Section:
    """Return who may look, and which invitations wait."""
    given = [(_grant(grant), [fields.button(PAGE, "revoke", t("End"), grant.id)] if grant.state == "alive" else []) for grant in grants]
    waiting = [
        (_invitation(one), [fields.button(PAGE, "withdraw", t("Take back"), one.id)]) for one in invitations if one.state == "waiting"
    ]
    return fields.card(t("Who may look"), fields.rows([*given, *waiting], empty=t("Nobody but you.")))


def requests_card(requests: Sequence[Any]) -> html.Section:
    """Return which doctors ask to look."""
    asked = [
        (
            html.P([html.Strong(one.name or t("A doctor")), " ", html.Span(one.message, className="muted")]),
            [
                fields.button(PAGE, "accept", t("Share for 180 days"), one.id, primary=True),
                fields.button(PAGE, "decline", t("Decline"), one.id),
            ],
        )
        for one in requests
    ]
    return fields.card(t("Requests"), fields.rows(asked, empty=t("No doctor asks for access.")))


def consents_card(consents: Sequence[Any]) -> html.Section:
    """Return what the person agreed to, each given or withdrawn with one click."""
    rows = [(_consent(one), [_consent_button(one)]) for one in consents]
    lead = t("Without the terms and the privacy notice nothing new is analyzed; what is here stays yours either way.")
    return fields.card(t("What you agreed to"), fields.rows(rows, empty=""), lead=lead)


def ward_card(name: str, ward: str, consents: Sequence[Any]) -> html.Section:
    """Return what was agreed to for somebody whom this person acts for."""
    rows = [(_consent(one), [_consent_button(one, ward)]) for one in consents]
    return fields.card(t("What you agreed to for {name}", name=name), fields.rows(rows, empty=""))


def guardians_card(guardians: Sequence[Any], wards: Sequence[Any]) -> html.Section:
    """Return who acts for this person, and for whom this person acts."""
    mine = [(_guardian(one, t("acts for you")), [fields.button(PAGE, "end_guardian", t("End"), one.id)]) for one in guardians]
    theirs = [(_guardian(one, t("you act for them")), [fields.button(PAGE, "end_guardian", t("End"), one.id)]) for one in wards]
    form = fields.fields(fields.text(PAGE, "ward", t("E-mail of the minor’s account"), kind="email"))
    lead = t("A person under 18 needs an adult who agrees for them. A doctor or the administration confirms it before it counts.")
    return fields.card(
        t("Guardians"),
        fields.rows([*mine, *theirs], empty=t("Nobody acts for you, and you act for nobody.")),
        form,
        html.Div(fields.button(PAGE, "state_guardian", t("I am this person’s guardian")), className="actions"),
        lead=lead,
    )


def _grant(grant: Any) -> html.P:
    emergency = [html.Strong(t("Emergency access") + " ")] if grant.kind == "emergency" else []
    said = t("{what}, until {day}", what=_terms(grant.terms), day=day(grant.expires_at.date(), year=True))
    return html.P(
        [*emergency, html.Strong(grant.name or t("A doctor")), f" · {t(STATES[grant.state])} ", html.Span(said, className="muted small")]
    )


def _invitation(one: Any) -> html.P:
    whom = one.email or t("whoever brings the code")
    said = t("{what}, waits until {day}", what=_terms(one.terms), day=day(one.expires_at.date(), year=True))
    return html.P([html.Strong(t("Invitation: {whom}", whom=whom)), " ", html.Span(said, className="muted small")])


def _terms(terms: Any) -> str:
    what = [t(SCOPES[terms.scope])]
    if terms.first_night or terms.last_night:
        what.append(t("nights {first} to {last}", first=_or_open(terms.first_night), last=_or_open(terms.last_night)))
    if terms.may_upload:
        what.append(t("may upload"))
    return ", ".join(what)


def _or_open(at: date | None) -> str:
    return day(at, year=True) if at else "…"


def _consent(one: Any) -> html.P:
    said = t("not given")
    if one.given and isinstance(one.given_at, datetime):
        said = t("given on {day}, version {version}", day=day(one.given_at.date(), year=True), version=one.version)
        if one.outdated:
            said = t("the text has changed since you agreed ({said})", said=said)
    text = html.A(t("Read it"), href=f"/legal/{one.kind}", target="_blank")
    return html.P([html.Strong(t(CONSENTS[one.kind])), f" · {said} · ", text])


def _consent_button(one: Any, ward: str = "") -> html.Button:
    key = f"{one.kind} {ward}".strip()
    if one.given and not one.outdated:
        return fields.button(PAGE, "withdraw_consent", t("Withdraw"), key)
    return fields.button(PAGE, "give_consent", t("Agree"), key, primary=True)


def _guardian(one: Any, how: str) -> html.P:
    state = t("confirmed") if one.verified else t("not confirmed yet")
    return html.P([html.Strong(one.name or t("An account")), f" · {how} · {state}"])
