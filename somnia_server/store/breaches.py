"""The breach register: incidents, whom they concern according to the audit log, and the notices that are due."""

import json
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from somnia_engine.text import Text, t
from somnia_server.store.actors import Actor, Role
from somnia_server.store.audit import Entry, entries_between, note
from somnia_server.store.damaged import SENTENCE, read_or
from somnia_server.store.house import house, now
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import BreachRow, session

LEGAL = Path(__file__).resolve().parents[2] / "docs" / "legal"
DUE = timedelta(hours=72)
"""Within which the authority is to be told, from when one knows (GDPR Art. 33)."""
TO_WRITE = "[to be completed]"
HOUSE = "house:records"


@dataclass(frozen=True, slots=True)
class Breach:
    """An incident: the window of time that it concerns, what is known, by when the authority is to be told, what was sent."""

    id: str
    opened_at: datetime
    begins_at: datetime
    ends_at: datetime
    notes: str
    due_at: datetime
    authority_told_at: datetime | None
    people_told_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Affected:
    """Who did what to whose data in the window: entries by person, and how often each actor and each action occurs."""

    entries: tuple[Entry, ...]
    people: tuple[str, ...]
    actors: Mapping[str, int]
    actions: Mapping[str, int]


def open_breach(actor: Actor, *, begins: datetime, ends: datetime, notes: str) -> str:
    """Open an incident and return its id.

    Raises
    ------
    RefusalError
        The actor is no administrator, or the window or the notes cannot be used.
    """
    _administers(actor)
    if ends <= begins:
        raise RefusalError(Text("The window ends before it begins. Change one of the times."))
    if not notes.strip():
        raise RefusalError(Text("Write what is known so far; it can be completed later."))
    row = BreachRow(id=secrets.token_hex(16), opened_by=actor.id, opened_at=now(), begins_at=begins, ends_at=ends)
    row.sealed_notes = _seal(row.id, notes.strip())
    session().add(row)
    note(actor, "open_breach", subject=HOUSE, thing=row.id)
    session().commit()
    return row.id


def breaches(actor: Actor) -> tuple[Breach, ...]:
    """Return all incidents, newest first; nothing unless an administrator asks."""
    rows = session().scalars(select(BreachRow).order_by(BreachRow.opened_at.desc())) if actor.role is Role.ADMIN else ()
    return tuple(_breach(row) for row in rows)


def affected(actor: Actor, breach_id: str) -> Affected:
    """Return who, what and when for an incident's window, from the audit log."""
    row = _row(actor, breach_id)
    entries = entries_between(actor, row.begins_at, row.ends_at)
    people = sorted({entry.subject for entry in entries if not entry.subject.startswith("house")})
    return Affected(entries, tuple(people), Counter(entry.actor for entry in entries), Counter(entry.action for entry in entries))


def draft_authority(actor: Actor, breach_id: str) -> str:
    """Return the notice to the authority, filled as far as this instance knows; what it cannot know is marked."""
    breach, found = _breach(_row(actor, breach_id)), affected(actor, breach_id)
    said = _common(breach) | {
        "aware_at": _time(breach.opened_at),
        "due_at": _time(breach.due_at),
        "people": str(len(found.people)),
        "actors": ", ".join(f"{who} ({count})" for who, count in sorted(found.actors.items())) or "none",
        "actions": ", ".join(f"{what} ({count})" for what, count in sorted(found.actions.items())) or "none",
        "entries": str(len(found.entries)),
    }
    return _filled("breach-notice-authority.md", said)


def draft_person(actor: Actor, breach_id: str, subject: str) -> str:
    """Return the notice to one person: what was done with their data in the window."""
    breach = _breach(_row(actor, breach_id))
    theirs = [entry for entry in affected(actor, breach_id).entries if entry.subject == subject]
    acts = "\n".join(f"- {_time(entry.at)}: {entry.action} by {entry.role} {entry.actor} {entry.thing}".rstrip() for entry in theirs)
    return _filled("breach-notice-person.md", _common(breach) | {"acts": acts or "- none on record", "name": "[name of the person]"})


def mark(actor: Actor, breach_id: str, *, told: str) -> None:
    """Note that the authority or the people were told, or that the incident is closed: `authority`, `people`, `closed`."""
    row = _row(actor, breach_id)
    column = {"authority": "authority_told_at", "people": "people_told_at", "closed": "closed_at"}[told]
    if getattr(row, column) is None:
        setattr(row, column, now())
        note(actor, f"breach_{told}", subject=HOUSE, thing=row.id)
    session().commit()


def _common(breach: Breach) -> dict[str, str]:
    window = {"begins_at": _time(breach.begins_at), "ends_at": _time(breach.ends_at)}
    return window | {"reference": breach.id, "notes": breach.notes}


def _filled(template: str, said: Mapping[str, str]) -> str:
    class Marked(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return f"{TO_WRITE[:-1]}: {key}]"

    return (LEGAL / template).read_text("utf-8").format_map(Marked(said))


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def _administers(actor: Actor) -> None:
    if actor.role is not Role.ADMIN:
        raise RefusalError(Text("Only the administration keeps the breach register."))


def _row(actor: Actor, breach_id: str) -> BreachRow:
    _administers(actor)
    row = session().get(BreachRow, breach_id)
    if row is None:
        raise RefusalError(Text("There is no such incident."))
    return row


def _breach(row: BreachRow) -> Breach:
    opened = partial(house().vault.open_sealed, row.sealed_notes, table="breaches.notes", row=row.id, owner=HOUSE)
    notes = read_or(lambda: str(json.loads(opened())), t(SENTENCE), what=f"incident {row.id}")
    times = (row.opened_at + DUE, row.authority_told_at, row.people_told_at, row.closed_at)
    return Breach(row.id, row.opened_at, row.begins_at, row.ends_at, notes, *times)


def _seal(row: str, notes: str) -> bytes:
    return house().vault.seal(json.dumps(notes).encode(), table="breaches.notes", row=row, owner=HOUSE)
