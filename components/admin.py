"""What an administrator sees: accounts, statements of guardians, the log, incidents; never a night."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from components import fields
from components.activity import ROLES, what
from components.words import day
from somnia_engine.text import t

PAGE = "admin"


def accounts_card(accounts: Sequence[Any], made: str | None) -> html.Section:
    """Return the accounts and the form for a new one; `made` is the first password of the one just made."""
    body = [
        [
            html.Span([account.email, html.Br(), html.Span(account.id, className="muted small")]),
            t(ROLES[account.role]),
            html.Span(day(account.created_at.date(), year=True), className="numeric"),
            t("open") if account.active else t("closed"),
            html.Div(_account_acts(account), className="actions"),
        ]
        for account in accounts
    ]
    form = fields.fields(
        fields.text(PAGE, "email", t("E-mail address"), kind="email"),
        fields.choice(PAGE, "role", t("Role"), {"doctor": t("doctor"), "admin": t("administrator")}, "doctor"),
    )
    first = t("The first password, shown only now. It is to be changed after the first log-in:")
    shown = [] if made is None else [html.P(first), html.P(made, className="code-said")]
    head = [t("account"), t("role"), t("since"), t("state"), ""]
    add = html.Div(fields.button(PAGE, "make", t("Make the account"), primary=True), className="actions")
    return fields.card(t("Accounts"), fields.table(head, body, empty=t("There is no account.")), form, add, *shown)


def statements_card(statements: Sequence[Any]) -> html.Section:
    """Return the statements of guardians that wait to be confirmed."""
    rows = [
        (
            html.P([html.Strong(one.guardian_name), f" {t('acts for')} ", html.Strong(one.minor_name)]),
            fields.button(PAGE, "verify", t("I have seen the papers"), one.id),
        )
        for one in statements
    ]
    return fields.card(t("Guardians who wait for confirmation"), fields.rows(rows, empty=t("Nobody waits.")))


def log_card(entries: Sequence[Any], *, faults: Sequence[Any] | None) -> html.Section:
    """Return the last entries of the audit log; `faults` is what checking it found, None before it was checked."""
    body = [
        [
            html.Span(_moment(entry.at), className="numeric"),
            html.Span([t(ROLES[entry.role]) if entry.role in ROLES else entry.role, " ", html.Span(entry.actor, className="muted small")]),
            what(entry.action),
            html.Span(entry.subject, className="muted small"),
        ]
        for entry in entries
    ]
    said = [] if faults is None else [html.P(t("The log is whole.") if not faults else " ".join(t(fault) for fault in faults))]
    check = html.Div(fields.button(PAGE, "check", t("Check the log")), className="actions")
    head = [t("when"), t("who"), t("what"), t("whose")]
    return fields.card(t("Audit log of the last 7 days"), check, *said, fields.table(head, body, empty=t("Nothing happened.")))


def breaches_card(breaches: Sequence[Any], drafts: Mapping[str, str]) -> html.Section:
    """Return the breach register: incidents with their deadlines and drafts, and the form for a new one."""
    rows = [
        (
            html.Div(
                [html.P([html.Strong(_span(one)), f" · {_due(one)}"]), html.P(one.notes, className="muted"), *_draft(drafts.get(one.id))]
            ),
            _breach_acts(one),
        )
        for one in breaches
    ]
    form = fields.fields(
        fields.text(PAGE, "begins", t("From (UTC)"), kind="datetime-local"),
        fields.text(PAGE, "ends", t("To (UTC)"), kind="datetime-local"),
        fields.text(PAGE, "notes", t("What is known"), kind="area"),
    )
    lead = t(
        "Who, what and when for a window of time, from the audit log, with notices ready to send. The authority is told within 72 hours."
    )
    add = html.Div(fields.button(PAGE, "open_breach", t("Open an incident")), className="actions")
    return fields.card(t("Breach register"), fields.rows(rows, empty=t("No incident.")), form, add, lead=lead)


def _account_acts(account: Any) -> list[html.Button]:
    if account.active:
        return [fields.button(PAGE, "close", t("Close"), account.id)]
    return [fields.button(PAGE, "reopen", t("Open again"), account.id)]


def _breach_acts(one: Any) -> list[html.Button]:
    acts = [
        fields.button(PAGE, "draft", t("Draft for the authority"), one.id),
        fields.button(PAGE, "draft_people", t("Drafts for the people"), one.id),
    ]
    if one.authority_told_at is None:
        acts.append(fields.button(PAGE, "told_authority", t("The authority was told"), one.id))
    if one.people_told_at is None:
        acts.append(fields.button(PAGE, "told_people", t("The people were told"), one.id))
    if one.closed_at is None:
        acts.append(fields.button(PAGE, "close_breach", t("Close"), one.id))
    return acts


def _span(one: Any) -> str:
    return f"{_moment(one.begins_at)} – {_moment(one.ends_at)}"


def _due(one: Any) -> str:
    if one.authority_told_at is not None:
        return t("authority told {at}", at=_moment(one.authority_told_at))
    return t("authority to be told by {at}", at=_moment(one.due_at))


def _draft(text: str | None) -> list[html.Pre]:
    return [] if text is None else [html.Pre(text, className="draft")]


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
