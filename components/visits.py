"""Messages between doctor and patient, visits by video, and the calendar file of a visit."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dash import dcc, html

from components import fields
from components.words import day
from somnia_engine.text import Text, t

PAGE = "visits"
FILE = "visits-file"
STATES = {"planned": Text("planned"), "called off": Text("called off"), "damaged": Text("damaged")}
ICS_LINE = 74
"""Bytes of a line of a calendar file; longer ones are folded (RFC 5545, 3.1)."""


def messages_card(messages: Sequence[Any], partners: Mapping[str, str]) -> html.Section:
    """Return what was written, newest first, and the field for an answer; `partners` are the other sides' names by their ids."""
    lines = [
        html.Div(
            [html.P([html.Strong(t("You") if one.mine else _partner(one, partners)), " ", _when(one.created_at)]), html.P(one.text)],
            className="message-line message-mine" if one.mine else "message-line",
        )
        for one in messages
    ]
    shown = html.Div(lines, className="message-lines") if lines else html.P(t("Nobody has written yet."), className="muted")
    if not partners:
        return fields.card(t("Messages"), shown, lead=t("Between you and those with whom nights are shared."))
    form = fields.fields(
        fields.choice(PAGE, "to", t("To"), partners, next(iter(partners))), fields.text(PAGE, "text", t("Message"), kind="area")
    )
    send = html.Div(fields.button(PAGE, "send", t("Send"), primary=True), className="actions")
    return fields.card(
        t("Messages"), form, send, shown, lead=t("For nothing urgent: nobody watches this page. In an emergency call the emergency number.")
    )


def _partner(one: Any, partners: Mapping[str, str]) -> str:
    return partners.get(one.patient) or partners.get(one.doctor) or one.name


def _when(at: datetime) -> html.Span:
    return html.Span(f"{day(at, year=True)} {at:%H:%M} UTC", className="muted small numeric")


def visits_card(visits: Sequence[Any], patients: Mapping[str, str], zone: str | None, *, doctor: str) -> html.Section:
    """Return the visits, the next first; times in the reader's zone."""
    rows = [(_visit(one, patients, zone, doctor), _acts(one, doctor)) for one in visits]
    return fields.card(t("Visits by video"), fields.rows(rows, empty=t("No visit is planned.")), dcc.Download(id=FILE))


def _visit(one: Any, patients: Mapping[str, str], zone: str | None, doctor: str) -> html.Div:
    place = ZoneInfo(zone) if zone else UTC
    at = one.begins_at.astimezone(place)
    who = patients.get(one.patient, t("no name given")) if one.doctor == doctor else one.name
    head = [
        html.Strong(who),
        f" · {day(at, year=True)} {at:%H:%M} {zone or 'UTC'} · {t('{n} min', n=one.minutes)} · {t(STATES[one.state])}",
    ]
    links: list[Any] = (
        [html.Span([t("Video room:"), " ", html.Code(one.detail.link, className="room-link")])] if one.state == "planned" else []
    )
    if one.detail.night_id:
        links.append(html.A(t("The night beside it"), href=f"/night/{one.detail.night_id}", target="_blank"))
    notes = [fields.fields(fields.text(PAGE, f"notes {one.id}", t("Notes"), one.detail.notes, kind="area"))] if one.doctor == doctor else []
    return html.Div([html.P(head), html.Div(links, className="actions"), *notes])


def _acts(one: Any, doctor: str) -> list[Any]:
    keep = [fields.button(PAGE, "notes", t("Keep the notes"), one.id)] if one.doctor == doctor else []
    if one.state != "planned":
        return keep
    return [*keep, fields.button(PAGE, "file", t("Calendar file"), one.id), fields.button(PAGE, "off", t("Call off"), one.id, quiet=True)]


def plan_card(patients: Mapping[str, str], nights: Mapping[str, str], zone: str | None) -> html.Section:
    """Return the form for a new visit."""
    form = fields.fields(
        fields.choice(PAGE, "patient", t("Patient"), patients, next(iter(patients))),
        fields.day(PAGE, "day", t("Day")),
        fields.text(PAGE, "time", t("Time ({zone})", zone=zone or "UTC"), kind="time"),
        fields.number(PAGE, "minutes", t("Minutes"), 20, limits=(5, 240)),
        fields.text(PAGE, "link", t("Your video room (https://…)"), kind="url"),
        fields.choice(PAGE, "night", t("Night beside it"), {"": t("none"), **nights}),
    )
    lead = t("Meet in your practice’s own video room. The notes of a visit become part of what you sign of the night beside it.")
    return fields.card(
        t("Plan a visit"), form, html.Div(fields.button(PAGE, "plan", t("Plan"), primary=True), className="actions"), lead=lead
    )


def calendar_file(visit: Any, *, title: str, stamp: datetime) -> str:
    """Return a visit as an iCalendar file (RFC 5545) with reminders a day and a quarter of an hour before; it names no patient."""
    begins, ends = visit.begins_at, visit.begins_at + timedelta(minutes=visit.minutes)
    alarms = [
        ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_escaped(title)}", f"TRIGGER:-{before}", "END:VALARM")
        for before in ("P1D", "PT15M")
    ]
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//SOMNIA//visits//EN", "BEGIN:VEVENT", f"UID:{visit.id}@somnia",
        f"DTSTAMP:{_utc(stamp)}",
        f"DTSTART:{_utc(begins)}", f"DTEND:{_utc(ends)}", f"SUMMARY:{_escaped(title)}", f"LOCATION:{_escaped(visit.detail.link)}",
        *(line for alarm in alarms for line in alarm), "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> str:
    pieces, rest = [], line
    while len(rest.encode()) > ICS_LINE:
        cut = next(n for n in range(ICS_LINE, 0, -1) if len(rest[:n].encode()) <= ICS_LINE)
        pieces.append(rest[:cut])
        rest = f" {rest[cut:]}"
    return "\r\n".join([*pieces, rest])
