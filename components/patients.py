"""What a doctor sees of the patients who share: who they are, what they opened, and the ways in."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from components import fields
from components.sharing import SCOPES
from components.words import day
from somnia_engine.text import Text, t

PAGE = "patients"
ASKED = {"open": Text("asked"), "accepted": Text("accepted"), "over": Text("over")}
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


def ways_card(asked: Sequence[Any]) -> html.Section:
    """Return the ways by which a doctor comes to a patient's nights, and whom they asked."""
    waiting = [(html.P([html.Strong(one.email), f" · {t(ASKED[one.state])}"]), []) for one in asked]
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
        fields.rows(waiting, empty=t("You have asked nobody.")),
        lead=t("A patient gives you a code, shares with your address, or answers your request."),
    )


def displays_card(displays: Sequence[Any], patients: Sequence[Any], code: str | None) -> html.Section:
    """Return a doctor's displays, who hangs on them, and the form for a new one; `code` is the one that was just made."""
    names = {patient.id: patient.name or t("no name given") for patient in patients}
    rows = [(_display(one, names), fields.button(PAGE, "unpair", t("Take down"), one.id)) for one in displays]
    beds = [
        (
            html.P(f"{bed.alias} · {names.get(bed.patient, t('not shared now'))} · {one.name}"),
            fields.button(PAGE, "unbed", t("Remove"), f"{one.id} {bed.patient}"),
        )
        for one in displays
        for bed in one.beds
    ]
    new = fields.fields(fields.text(PAGE, "display", t("Name of the display")))
    parts = [new, html.Div(fields.button(PAGE, "display", t("Make a code")), className="actions")]
    if code is not None:
        parts += [html.P(t("Open /kiosk/pair on the display and type this code within 10 minutes:")), html.P(code, className="code-said")]
    if displays and patients:
        bed = fields.fields(
            fields.choice(PAGE, "kiosk", t("Display"), {one.id: one.name for one in displays}, displays[0].id),
            fields.choice(PAGE, "patient", t("Patient"), names, patients[0].id),
            fields.text(PAGE, "alias", t("Alias on the display")),
        )
        parts += [bed, html.Div(fields.button(PAGE, "bed", t("Put on the display")), className="actions")]
    lead = t("A display shows an alias, the last night’s ribbon, score and numbers, never a name. Who ends sharing disappears from it.")
    return fields.card(t("Displays"), fields.rows([*rows, *beds], empty=t("No display.")), *parts, lead=lead)


def _display(one: Any, names: Any) -> html.P:
    state = t("connected") if one.paired_at else t("waits for its code")
    return html.P([html.Strong(one.name), f" · {state}"])


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
