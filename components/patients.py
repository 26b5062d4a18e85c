"""What a doctor sees of the patients who share: who they are, what they opened, and the ways in."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from components import fields
from components.sharing import SCOPES
from components.words import day
from somnia_engine.text import Text, t

PAGE = "patients"
SEXES = {"female": Text("female"), "male": Text("male"), "other": Text("other")}


def patients_card(patients: Sequence[Any]) -> html.Section:
    """Return who shares now, each with what is open and the way there."""
    body = [
        [
            dcc.Link(patient.name or t("no name given"), href=f"/patient/{patient.id}"),
            ", ".join(dict.fromkeys(t(SCOPES[grant.terms.scope]) for grant in patient.grants)),
            html.Span(day(max(grant.expires_at for grant in patient.grants).date(), year=True), className="numeric"),
            t("yes") if patient.may_upload else t("no"),
        ]
        for patient in patients
    ]
    head = [t("patient"), t("open"), t("until"), t("uploads")]
    return fields.card(t("Patients who share with you"), fields.table(head, body, empty=t("Nobody shares with you yet.")))


def ways_card() -> html.Section:
    """Return the ways by which a doctor comes to a patient's nights."""
    code = fields.fields(fields.text(PAGE, "code", t("Invitation code")))
    ask = fields.fields(
        fields.text(PAGE, "email", t("E-mail of the patient"), kind="email"),
        fields.text(PAGE, "message", t("What you write to them"), kind="area"),
    )
    return fields.card(
        t("A new patient"),
        code,
        html.Div(fields.button(PAGE, "redeem", t("Use the code"), primary=True), className="actions"),
        ask,
        html.Div(fields.button(PAGE, "ask", t("Ask to share")), className="actions"),
        lead=t("A patient gives you a code, shares with your address, or answers your request."),
    )


def emergency_card() -> html.Section:
    """Return the form for emergency access."""
    form = fields.fields(
        fields.text(PAGE, "emergency_email", t("E-mail of the patient"), kind="email"),
        fields.text(PAGE, "reason", t("Reason (at least 20 characters)"), kind="area"),
    )
    lead = t("Opens a patient’s nights to you for 24 hours. The patient and the administration are told at once, with your reason.")
    return fields.card(
        t("Emergency access"), form, html.Div(fields.button(PAGE, "emergency", t("Open for 24 hours")), className="actions"), lead=lead
    )


def patient_card(card: Any) -> html.Section:
    """Return what a doctor may know of a patient beside the nights."""
    facts = [t("{n} years", n=card.age) if card.age is not None else t("age not said")]
    facts += [t(SEXES[card.sex])] if card.sex in SEXES else []
    history = [
        html.Li(f"{entry.text}{f' ({entry.code})' if entry.code else ''}{f', {day(entry.begins, year=True)}' if entry.begins else ''}")
        for entry in card.history.entries
    ]
    shown = html.Ul(history) if history else html.P(t("No medical history is given."), className="muted")
    return fields.card(card.name or t("no name given"), html.P(", ".join(facts)), shown)


def nothing_open() -> html.P:
    """Return what stands where a patient shares no night."""
    return html.P(t("No night of this patient is open to you now."), className="muted")
